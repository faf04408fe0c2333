"""Private probes are asked when no cell is left that could show what they ask, of the kernel as it was where they stand."""

import sys

import pytest
from run_cells import blank, check, given, kinds, printed, run_book

from grader.judging import Probe
from grader.run.session import NoCopy
from grader.settings import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

SECRET = "def secret(nb):\n    the_hidden_question = 42\n    return [nb.a, the_hidden_question]"
SPY = """
kernel = get_ipython().kernel
seen = []
def spy(name, handler):
    def spying(stream, ident, message):
        seen.append((name, [bytes(b) for b in message['buffers']]))
        return handler(stream, ident, message)
    return spying
for name, handler in list(kernel.shell_handlers.items()):
    if name.startswith('grader'):
        kernel.shell_handlers[name] = spy(name, handler)
"""


async def no_copy(_kernel: object, **_how: object) -> NoCopy:
    """As where kernels cannot be forked."""
    return NoCopy(able=False)


def ask(private: bool) -> dict[str, list[Probe]]:
    return {"a": [Probe("secret", SECRET, private=private), Probe("open", "def open(nb):\n    return nb.a")]}


@pytest.mark.parametrize("copied", [True, False])
def test_a_rewired_kernel_sees_no_probe(copied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without copies the same notebook does see it, so the spy works."""
    if not copied:
        monkeypatch.setattr("grader.run.client.Kernel.copy", no_copy)
    ran = run_book(given(SPY), blank("a", "a = 1"), check("a"), given("a = 2\nprint(seen)"), asks=ask(True))
    assert ran.captures["secret"].value == [1, 42]
    assert ran.captures["open"].value == 1
    assert ("the_hidden_question" in printed(ran, "given-3")) is not copied


def test_a_private_probe_that_came_before_a_death_or_the_end_of_time_is_asked() -> None:
    cells = [blank("a", "a = 1"), check("a"), blank("b", "import os; os.abort()"), check("b"), given("while True: pass")]
    asked = ask(True) | {"b": [Probe("b", "def b(nb):\n    return nb.a", private=True)]}
    ran = run_book(*cells, asks=asked, limits=Limits(cell=60, notebook=4, probe=5))
    assert ran.state == "timeout"
    assert ran.captures["secret"].value == [1, 42]
    assert ran.captures["b"].value == 1


def test_without_copies_it_is_asked_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.run.client.Kernel.copy", no_copy)
    ran = run_book(blank("a", "a = 1"), check("a"), given("a = 2"), asks=ask(True))
    assert kinds(ran) == {"secret": "value", "open": "value"}
    assert ran.captures["secret"].value == [1, 42]


def test_only_lines_of_the_body_give_a_private_probe_away() -> None:
    from grader.result import Capture, Fault
    from grader.run.hidden import without_source

    source = 'def p(nb):\n    """What students read, all of it."""\n    return nb.net(nb.given.x_new) * 3'
    probe = Probe("p", source, private=True)
    told = "return nb.net(nb.given.x_new) * 3"
    assert without_source(probe, Capture(["What students read, all of it."])).fault is None
    for value in (told, [told], {"k": [f"x {told} y"]}, {told: 1}):
        assert without_source(probe, Capture(value)).fault is not None
        assert without_source(Probe("p", source), Capture(value)).value == value
    assert without_source(probe, Capture(fault=Fault("raised", "E", told))).fault.message != told
