"""Other seeds, thread counts and devices for a whole notebook."""

import os
import random

import numpy as np
import pytest
import torch
from run_cells import QUICK, blank, book, check, given, probes, states

from grader.run import Request, execute
from grader.run.private import Private
from grader.run.seeds import STEP

DRAWS = """
import random
import numpy as np
import torch
torch.manual_seed(43052)
by_torch = torch.rand(3)
torch.random.manual_seed(7)
by_torch_random = torch.rand(3)
np.random.seed(7)
by_numpy = np.random.rand(3)
random.seed(7)
by_random = [random.random() for _ in range(3)]
by_generator = torch.rand(3, generator=torch.Generator().manual_seed(7))
by_rng = np.random.default_rng(7).random(3)
"""
ASKED = {
    "draw": probes(
        by_torch="nb.by_torch",
        by_torch_random="nb.by_torch_random",
        by_numpy="nb.by_numpy",
        by_random="nb.by_random",
        by_generator="nb.by_generator",
        by_rng="nb.by_rng",
        in_a_probe="(torch.manual_seed(5), torch.rand(3))[1]",
        in_a_function_of_the_notebook="nb.drawn()",
        generators="[isinstance(torch.default_generator, torch.Generator), isinstance(torch.Generator(), torch.Generator)]",
        threads="torch.get_num_threads()",
        product="(nb.a @ nb.a).trace().item()",
        capability="torch.backends.cpu.get_cpu_capability()",
    )
}
CELLS = (
    given(DRAWS),
    blank("draw", "def drawn():\n    torch.manual_seed(5)\n    return torch.rand(3)\na = torch.eye(600)\nb = (a @ a).sum()"),
    check("draw"),
)


def drawn(seed: int) -> dict[str, np.ndarray]:
    """What the cells draw when their seeds are moved on by `seed` steps, drawn here with torch's, numpy's and Python's own."""
    shift = seed * STEP
    own = random.Random(7 + shift)
    uniform = {name: torch.rand(3, generator=torch.Generator().manual_seed(s + shift)).numpy() for name, s in SEEDS.items()}
    return {
        **uniform,
        "by_numpy": np.random.RandomState(7 + shift).rand(3),
        "by_random": np.array([own.random() for _ in range(3)]),
        "by_rng": np.random.default_rng(7).random(3),
    }


SEEDS = {"by_torch": 43052, "by_torch_random": 7, "by_generator": 7, "in_a_probe": 5, "in_a_function_of_the_notebook": 5}


def numbers(value: object) -> np.ndarray:
    return np.asarray(getattr(value, "data", value))


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_every_seed_that_is_set_is_shifted(seed):
    ran = execute(Request(book(*CELLS), ASKED, QUICK, seed=seed))
    assert set(states(ran).values()) == {"ok", "skipped"}
    for name, expected in drawn(seed).items():
        assert ran.captures[name].fault is None, ran.captures[name]
        np.testing.assert_array_equal(numbers(ran.captures[name].value), expected, err_msg=name)
    assert ran.captures["generators"].value == [True, True]


def test_threads_are_those_asked_for_and_one_in_a_forked_copy():
    """A large product in two threads in a cell, and one in a copy of the kernel after it: nothing hangs."""
    ask = {"draw": [p for p in ASKED["draw"] if p.name in ("threads", "product")]}
    count = blank("draw", "import torch\nthreads = torch.get_num_threads()\na = torch.eye(600)\nb = (a @ a).sum()")
    asked = {"draw": [*ask["draw"], *probes(in_the_cell="nb.threads")]}
    for threads in (1, 2):
        ran = execute(Request(book(count, check("draw")), asked, QUICK, threads=threads))
        assert ran.captures["in_the_cell"].value == threads
        assert ran.captures["product"].value == 600.0


def test_the_plain_cpu_has_no_vector_instructions():
    cells = book(given("import torch"), blank("draw", "x = 1"), check("draw"))
    asked = {"draw": probes(capability="torch.backends.cpu.get_cpu_capability()")}
    assert execute(Request(cells, asked, QUICK, device="plain")).captures["capability"].value == "DEFAULT"


def test_an_accelerator_is_hidden_unless_asked_for(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    for device, seen in {"cpu": "", "plain": "", "cuda": "2"}.items():
        with Private(device=device) as private:
            assert private.environment()["CUDA_VISIBLE_DEVICES"] == seen
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with Private(device="cuda") as private:
        assert "CUDA_VISIBLE_DEVICES" not in private.environment()


def test_the_number_of_threads_is_told_to_every_library():
    with Private(threads=3) as private:
        told = private.environment()
    assert {told[name] for name in told if name.endswith("_NUM_THREADS")} == {"3"}
    assert os.environ.get("GRADER_RUN") is None


def test_a_request_has_the_name_that_it_had_unless_something_is_unusual():
    """The name depends on nothing else: within one format, runs that are kept are still found."""
    usual = Request(book(*CELLS), ASKED, QUICK)
    names = [Request(book(*CELLS), ASKED, QUICK, **how).key({}) for how in ({"seed": 1}, {"threads": 2}, {"device": "plain"})]
    assert Request(book(*CELLS), ASKED, QUICK, seed=0, threads=1, device="cpu").key({}) == usual.key({})
    assert len({usual.key({}), *names}) == 4
    empty = Request(book(given("x = 1")))
    assert empty.key({"torch": "2"}) == OLD_NAME


OLD_NAME = "b4dd72841ab5fb433d8e8abef80692c5d69daf1f7424a99a4ba1addc37d1138e"
