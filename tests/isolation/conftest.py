"""Every test of the isolation runs as the user who runs the tests, and, if that is root, as an ordinary user, too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from grader.isolation import Jail, available, missing
from tests.isolation.jailed import PLAIN, Jailed, private_folder


@pytest.fixture(params=["self", "plain"])
def jailed(request: pytest.FixtureRequest) -> Iterator[Jailed]:
    if not available():
        pytest.skip("; ".join(missing()))
    if request.param == "plain" and os.geteuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    user = PLAIN if request.param == "plain" else None
    folder = private_folder(user)
    yield Jailed(Jail(folder, disk=2**24, file_size=2**26), user)
    shutil.rmtree(folder)
