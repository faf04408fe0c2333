"""A key that is kept is the one that would be made, and anything that decides it makes a new one."""

import dataclasses
import os
from pathlib import Path

import pytest

from grader import keycache, keying
from grader.judging import Close
from grader.key import Key, KeyMistake
from grader.keycache import KeyCache, facts_of
from grader.keying import RunCache, Workshop, make_key


class Maker:
    """Gives a key, and counts."""

    def __init__(self, key: Key) -> None:
        self.key, self.made = key, 0

    def __call__(self) -> Key:
        self.made += 1
        return self.key


@pytest.fixture
def key(bundle) -> Key:
    return Key.from_bytes(bundle.key.read_bytes())


@pytest.fixture
def plain(key) -> Key:
    return dataclasses.replace(key, mistakes=())


def changed(key: Key, **how) -> Key:
    """With its first check changed."""
    return dataclasses.replace(key, checks=(dataclasses.replace(key.checks[0], **how), *key.checks[1:]))


def test_the_same_is_made_once(tmp_path, key, plain):
    make = Maker(key)
    found = [KeyCache(tmp_path / "keys").get(plain, ["a", "b"], make).to_bytes() for _ in range(3)]
    assert make.made == 1
    assert set(found) == {key.to_bytes()}
    assert key.mistakes


CHANGES = {
    "points": lambda key: changed(key, points=7.0),
    "title": lambda key: changed(key, title="Another."),
    "private": lambda key: changed(key, private=True),
    "comparator": lambda key: changed(key, comparator=Close(atol=0.125)),
    "expected": lambda key: changed(key, expected=42.0),
    "probe": lambda key: changed(key, probe=dataclasses.replace(key.checks[0].probe, source="def p(nb):\n    return 1\n")),
    "limits": lambda key: dataclasses.replace(key, limits=dataclasses.replace(key.limits, cell=1.5)),
    "versions": lambda key: dataclasses.replace(key, versions={**key.versions, "torch": "0.1"}),
    "cells": lambda key: dataclasses.replace(key, cells=key.cells[:-1]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_key_without_mistakes_makes_a_new_one(tmp_path, key, plain, change):
    cache, make = KeyCache(tmp_path), Maker(key)
    cache.get(plain, [], make)
    cache.get(CHANGES[change](plain), [], make)
    assert make.made == 2


@pytest.mark.parametrize("facts", [[], ["a"], ["a", "b", "c"], ["ab"], ["a", "B"], ["b", "a"]])
def test_other_facts_make_a_new_one(tmp_path, key, plain, facts):
    cache, make = KeyCache(tmp_path), Maker(key)
    cache.get(plain, ["a", "b"], make)
    cache.get(plain, facts, make)
    assert make.made == 2


def test_other_code_of_ours_makes_a_new_one(tmp_path, key, plain, monkeypatch):
    cache, make = KeyCache(tmp_path), Maker(key)
    cache.get(plain, [], make)
    monkeypatch.setattr(keycache, "_code", lambda: "other")
    cache.get(plain, [], make)
    assert make.made == 2


def test_our_code_is_known_by_its_files():
    told = keycache._code().splitlines()
    here = Path(keycache.__file__)
    assert f"keycache.py {here.stat().st_size} {here.stat().st_mtime_ns}" in told
    assert any(line.startswith(os.path.join("compare", "weights.py")) for line in told)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:100], lambda data: data[:64] + b"x" + data[65:]])
def test_a_damaged_file_is_as_good_as_none(tmp_path, key, plain, damage):
    cache, make = KeyCache(tmp_path), Maker(key)
    cache.get(plain, [], make)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get(plain, [], make).to_bytes() == key.to_bytes()
    assert make.made == 2
    cache.get(plain, [], make)
    assert make.made == 2  # and it is mended


def test_without_a_place_a_key_is_made_each_time(tmp_path, key, plain):
    (tmp_path / "file").write_text("")
    for cache in (KeyCache(None), KeyCache(tmp_path / "file" / "keys")):
        make = Maker(key)
        assert cache.get(plain, [], make) is cache.get(plain, [], make) is key
        assert make.made == 2


def test_each_profile_has_its_own_and_no_more(tmp_path, key, plain):
    cache, makes = KeyCache(tmp_path), [Maker(key), Maker(key)]
    profiles = [plain, dataclasses.replace(plain, profile="../../b/c")]
    for facts in (["first"], ["second"], ["second"]):
        for profile, make in zip(profiles, makes, strict=True):
            cache.get(profile, facts, make)
    assert [make.made for make in makes] == [2, 2]
    assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.parent.glob("b*")) == []


def test_a_mistake_that_was_changed_is_judged_again(built_line, workshop, tmp_path, bundle):
    workshop = dataclasses.replace(workshop, keys=KeyCache(tmp_path))
    assert make_key(built_line, workshop).to_bytes() == bundle.key.read_bytes()
    first, *rest = built_line.checks.mistakes
    says = dataclasses.replace(first, says="Said in another way.")
    other = dataclasses.replace(built_line, checks=dataclasses.replace(built_line.checks, mistakes=(says, *rest)))
    assert facts_of(other) != facts_of(built_line)
    found = make_key(other, workshop).mistakes
    assert "Said in another way." in [mistake.says for mistake in found]
    assert all(isinstance(mistake, KeyMistake) for mistake in found)


def test_a_kept_key_is_not_judged(built_line, workshop, tmp_path, bundle, monkeypatch):
    workshop = dataclasses.replace(workshop, keys=KeyCache(tmp_path))
    make_key(built_line, workshop)
    monkeypatch.setattr(keying, "with_mistakes", None)
    assert make_key(built_line, workshop).to_bytes() == bundle.key.read_bytes()


def test_a_course_keeps_keys_unless_nothing_is_to_be_kept(built_line):
    assert Workshop.of(built_line, 1).keys.folder == built_line.course / ".grader" / "keys"
    without = Workshop.of(built_line, 1, cached=False)
    assert without.keys.folder is None
    assert isinstance(without.cache, RunCache)
    assert without.cache.folder is None
