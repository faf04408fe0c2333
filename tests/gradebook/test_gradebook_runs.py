"""Runs come back as they were kept, as far as they answer what is asked."""

import dataclasses

import numpy as np
import sqlalchemy as sa

from grader.gradebook import Gradebook
from grader.gradebook.schema import contents
from grader.result import Capture, Run
from grader.values import Array

from .made import CHECKS, PROBES, key_of, make_grade, make_run, same


def test_a_run_comes_back_as_it_was(book):
    run = make_run(1)
    book.keep_run("k", PROBES, run)
    kept = book.run("k", PROBES)
    assert same(kept.run, run)
    assert kept.missing == frozenset()
    assert book.run("other", PROBES) is None


def test_branches_notes_and_versions_come_back(book):
    run = dataclasses.replace(make_run(1), branches={"b": {"c": Capture(Array(np.ones(3), "float64"))}}, notes=["ö", "\x00"])
    book.keep_run("k", PROBES, run)
    assert same(book.run("k", PROBES).run, run)


def test_a_run_without_cells_and_captures(book):
    book.keep_run("k", {}, Run("died", seconds=0.5))
    assert book.run("k", {}).run == Run("died", seconds=0.5)
    assert book.has_run("k", {})
    assert not book.has_run("other", {})


def test_probes_that_were_never_asked_are_missing(book):
    first = {name: PROBES[name] for name in CHECKS[:4]}
    book.keep_run("k", first, make_run(1))
    changed = PROBES | {CHECKS[0]: "another"}
    kept = book.run("k", changed)
    assert kept.missing == frozenset([CHECKS[0], *CHECKS[4:]])
    assert set(kept.run.captures) == set(CHECKS[1:4])
    assert book.has_run("k", first)
    assert not book.has_run("k", changed)


def test_a_probe_that_was_asked_in_vain_is_not_missing(book):
    run = make_run(1)
    less = dataclasses.replace(run, captures={name: run.captures[name] for name in CHECKS[1:]})
    book.keep_run("k", PROBES, less)
    kept = book.run("k", PROBES)
    assert kept.missing == frozenset()
    assert CHECKS[0] not in kept.run.captures


def test_new_probes_are_added_and_the_rest_is_kept_as_it_was(book):
    first, again = make_run(1), make_run(2)
    book.keep_run("k", {name: PROBES[name] for name in CHECKS[:4]}, first)
    book.keep_run("k", PROBES, again)
    kept = book.run("k", PROBES).run
    expected = {name: (first if name in CHECKS[:4] else again).captures[name] for name in CHECKS}
    assert same(kept, dataclasses.replace(first, captures=expected))


def test_old_and_new_probe_of_one_check_stand_side_by_side(book):
    book.keep_run("k", {"check_0_holds": "old"}, make_run(1))
    book.keep_run("k", {"check_0_holds": "new"}, make_run(2))
    for key, number in (("old", 1), ("new", 2)):
        found = book.run("k", {"check_0_holds": key}).run.captures["check_0_holds"].value.data
        np.testing.assert_array_equal(found, make_run(number).captures["check_0_holds"].value.data)


def test_a_run_that_the_machine_broke_is_not_kept(book):
    broken = dataclasses.replace(make_run(1), state="ours")
    book.keep_run("k", PROBES, broken)
    book.keep_all(make_grade(1), "d", "b", run_key="k", probes=PROBES, run=broken, outcomes={})
    assert book.run("k", PROBES) is None
    assert [row.student for row in book.rows()] == ["student-0001"]


def test_a_key_for_cells_and_probes_together(book):
    book.keep_run("k", make_run(1))
    book.keep_run("k", make_run(2))
    assert same(book.run("k"), make_run(1))
    assert book.run("other") is None
    assert book.run_keys() == {"k"}


def test_what_is_the_same_is_kept_once(book):
    for number in range(5):
        run = dataclasses.replace(make_run(1), seconds=float(number))
        book.keep_run(key_of(number), PROBES, run)
    with book._engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(contents)).scalar()
    run = make_run(1)
    cells = {(c.id, c.source) for c in run.cells}
    shown = {repr(c.outputs) for c in run.cells}
    assert count == len(cells) + len(shown) + 9 + 1  # nine values, and what is said about the run


def test_sweep_drops_what_nobody_has_and_nothing_else(book):
    book.keep_all(make_grade(1), "d", "b1", run_key="k", probes=PROBES, run=make_run(1), outcomes={})
    assert book.sweep() == 0
    none = [dataclasses.replace(check, evidence={}) for check in make_grade(1).checks]
    book.keep_grade(make_grade(1, checks=none), "d", "k", "b2")
    assert book.sweep() == 6  # what was expected, in the six checks that are not private
    assert same(book.run("k", PROBES).run, make_run(1))
    assert same(book.grade("student-0001"), make_grade(1, checks=none))


def test_outcomes(book):
    book.keep_outcomes("k", {"a": [1.0, "passed", ""], "b": [0.5, "partial", "ö \x00"]})
    book.keep_outcomes("k", {"a": [0.0, "failed", ""]})
    assert book.outcomes("k") == {"a": [1.0, "passed", ""], "b": [0.5, "partial", "ö \x00"]}
    assert book.outcomes("other") is None


def test_another_process_reads_while_one_writes(where, slug):
    with Gradebook(where, slug) as writer, Gradebook(where, slug) as reader:
        with reader._read() as connection:  # a snapshot that is held open
            assert connection.execute(sa.select(contents.c.id)).first() is None
            writer.keep_run("k", PROBES, make_run(1))
            if connection.dialect.name == "sqlite":
                assert connection.execute(sa.select(contents.c.id)).first() is None
        assert reader.has_run("k", PROBES)
