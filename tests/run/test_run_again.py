"""A run taken up again gives what a whole run gives, whatever the notebook did before, and however often it is taken up."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_cells import QUICK, blank, book, check, extra, kinds, left_behind, probes
from run_cells import given as lecture

from grader.isolation import available, missing
from grader.judging import Probe
from grader.notebook import Cell, Notebook
from grader.result import Run
from grader.run import Branch, Kernels, Request
from grader.run.client import Kernel
from grader.run.session import NoCopy
from grader.settings import Limits
from grader.values import dumps

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

PLAIN = Kernels()
ISOLATED = Kernels(isolated=True)
needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")
slow = pytest.mark.slow


def captured(run: Run) -> dict[str, bytes]:
    """The captures without the seconds."""
    return {name: dumps([c.value, c.fault and dataclasses.astuple(c.fault)]) for name, c in run.captures.items()}


def ended(run: Run) -> list[tuple[str, str, str, int]]:
    return [(cell.id, cell.state, cell.error, cell.line) for cell in run.cells]


def assert_same(again: Run, whole: Run) -> None:
    mine, theirs = captured(again), captured(whole)
    assert mine.keys() == theirs.keys()
    differ = {
        name: [(c.value, c.fault) for c in (again.captures[name], whole.captures[name])]
        for name in mine
        if mine[name] != theirs[name]
    }
    assert not differ
    assert again.state == whole.state
    assert ended(again) == ended(whole)


def request(*cells: Cell, limits: Limits = QUICK, **asks: Sequence[Probe]) -> Request:
    return Request(book(*cells), asks, limits)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each kernel that starts."""
    started: list[int] = []
    start = Kernel.start

    async def counted(kernel: Kernel) -> None:
        started.append(len(started))
        await start(kernel)

    monkeypatch.setattr(Kernel, "start", counted)
    return started


async def no_copy(_kernel: object, **_how: object) -> NoCopy:
    """As where kernels cannot be forked."""
    return NoCopy(able=False)


# ---------------------------------------------------------------------------------------------------- what a cell may leave


@dataclass(frozen=True)
class State:
    """What a cell leaves, a blank changes in one way or another, and a later cell reads. `asks`: an expression for a probe."""

    before: str
    first: str
    other: str
    after: str
    asks: str


STATES = {
    "random": State(
        """
        import random, numpy as np, torch
        rng, generator = np.random.default_rng(7), torch.Generator().manual_seed(5)
        begun = [random.random(), np.random.rand(), torch.rand(1)]
        """,
        "draws = [random.random()]",
        "draws = [random.random() for _ in range(3)] + [torch.rand(2), np.random.rand(), rng.normal()]",
        "drawn = [random.random(), random.gauss(0, 1), np.random.randn(), torch.randn(2), rng.random(), torch.rand(2, generator=generator)]",
        "[nb.begun, nb.draws, nb.drawn]",
    ),
    "training": State(
        """
        import torch
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.5), torch.nn.Linear(3, 1))
        optimizr, x = torch.optim.Adam(net.parameters(), lr=0.1), torch.randn(8, 2)
        schedule = torch.optim.lr_scheduler.StepLR(optimizr, 2, 0.5)
        def step():
            loss = (net(x) - 1).square().mean()
            loss.backward(); optimizr.step(); optimizr.zero_grad(); schedule.step()
            return loss.item()
        losses = [step() for _ in range(3)]
        """,
        "losses += [step()]",
        "losses += [step() for _ in range(4)]\nnet[0].weight.requires_grad = False",
        "losses += [step() for _ in range(2)]",
        "[nb.losses, nb.net.state_dict(), nb.trained(nb.optimizr), nb.training(nb.optimizr), nb.optimizr.state_dict()['state']]",
    ),
    "figures": State(
        "import matplotlib.pyplot as plt\nplt.ioff()\nkept, axes = plt.subplots()\naxes.plot([1, 2])",
        "plt.plot([3, 4]); axes.plot([0])",
        "plt.figure(); plt.plot([5, 6]); plt.show(); plt.plot([7]); axes.plot([9, 9])",
        "axes.set_title('t'); lines = len(axes.lines)",
        "[nb.figures('x'), nb.kept, nb.lines]",
    ),
    "files": State(
        """
        import os
        os.makedirs('a/b', exist_ok=True)
        for name in ('one', 'two', 'a/b/three'):
            with open(name, 'w') as file: file.write(name * 3)
        """,
        "open('one', 'a').write('x'); os.remove('two'); open('new', 'w').write('n'); os.chmod('a/b/three', 0o600)",
        "open('one', 'a').write('yy'); os.rename('two', 'four'); os.makedirs('c')",
        """
        tree = sorted(os.path.join(f, n) for f, d, ns in os.walk('.') for n in [*d, *ns])
        texts = [open(n).read() for n in tree if os.path.isfile(n)]
        modes = [os.stat(n).st_mode for n in tree]
        """,
        "[nb.tree, nb.texts, nb.modes]",
    ),
    "patches": State(
        """
        import builtins, json, torch
        kept = torch.tanh, json.dumps, builtins.sum
        torch.tanh = lambda x: x * 0 + 7
        torch.Tensor.twice = lambda self: 2 * self
        builtins.sum = lambda what: 5
        """,
        "json.dumps = lambda what: 'first'",
        "json.dumps = lambda what: 'other'\ntorch.nn.Linear.forward = lambda self, x: x + 1",
        "seen = [torch.tanh(torch.ones(2)), torch.ones(1).twice(), json.dumps(1), sum([]), torch.nn.Linear(1, 1)(torch.ones(1))]\nbuiltins.sum = kept[2]",
        "nb.seen",
    ),
    "settings": State(
        """
        import decimal, locale, os, sys, time, warnings, numpy as np, torch
        np.seterr(divide='raise'); np.set_printoptions(precision=2); torch.set_default_dtype(torch.float64); torch.set_printoptions(precision=1)
        decimal.getcontext().prec = 5; os.environ['WORD'] = 'a'; sys.setrecursionlimit(777); torch.set_grad_enabled(False)
        warnings.simplefilter('error', UserWarning); os.umask(0o077)
        """,
        "torch.set_default_dtype(torch.float32)",
        "os.environ['WORD'] += 'b'; np.set_printoptions(precision=3)",
        """
        def tried(what):
            try: return str(what())
            except Exception as error: return type(error).__name__
        seen = [tried(lambda: np.float64(1) / np.float64(0)), str(np.ones(2) / 3), str(torch.ones(1) / 3), str(decimal.Decimal(1) / 3)]
        seen += [os.environ['WORD'], sys.getrecursionlimit(), torch.is_grad_enabled(), tried(lambda: warnings.warn('w')), os.umask(0)]
        """,
        "nb.seen",
    ),
    "generators": State(
        "def count():\n    n = 0\n    while True:\n        n += (yield n) or 1\nit = count(); next(it)\nlazy = map(str, iter(range(9))); next(lazy)",
        "next(it); next(lazy)",
        "it.send(5); next(it); [next(lazy) for _ in range(3)]",
        "left = [next(it), next(it), next(lazy)]",
        "nb.left",
    ),
    "await": State(
        """
        import asyncio
        queue, lock, event = asyncio.Queue(), asyncio.Lock(), asyncio.Event()
        async def later(n):
            await asyncio.sleep(0.01)
            async with lock:
                await queue.put(n)
            return n
        got = [await later(1)]
        """,
        "got += await asyncio.gather(later(2), later(3))",
        "got += await asyncio.gather(later(4), later(5)); event.set()",
        "await asyncio.wait_for(later(6), 5)\nleft = []\nwhile not queue.empty(): left.append(await queue.get())",
        "[nb.got, nb.left]",
    ),
    "magics": State(
        """
        %env GREETING=hello
        said = !echo $GREETING
        !echo line > made.txt
        %mkdir -p sub
        41 + 1
        """,
        "answer = _ + 1\n%cd -q sub",
        "answer = _ * 2\n%cd -q sub\n!echo more >> ../made.txt\n%time answer += 1",
        "import os\ncount = get_ipython().execution_count, len(In), sorted(Out)\nhere = os.path.basename(os.getcwd())\ntext = open('../made.txt').read()",
        "[list(nb.said), nb.answer, nb.count, nb.here, nb.text, nb.In[1:3]]",
    ),
}

TROUBLES = {
    "open files": (
        State(
            """
            with open('in.txt', 'w') as file: file.write(''.join(f'{n}\\n' for n in range(9)))
            reader, log, raw = open('in.txt'), open('log.txt', 'w'), open('raw.bin', 'wb', buffering=0)
            reader.readline(); log.write('begun,'); raw.write(b'0123')
            """,
            "log.write('first,'); log.flush(); raw.write(b'456')",
            "log.write('other,'); log.flush(); raw.write(b'7')",
            "rest = reader.read(); log.flush(); raw.write(b'8')\ntexts = [open('log.txt').read(), open('raw.bin').read()]",
            "[nb.rest, nb.texts, nb.raw.tell()]",
        ),
        "an open file's place is shared by all copies, and a file that is put back is another one than the open one",
    ),
    "files elsewhere": (
        State(
            "import os, tempfile, pathlib\nfolder = tempfile.mkdtemp(); top = os.getcwd()\nopen(folder + '/a', 'w').write('1'); (pathlib.Path.home() / 'h').write_text('1')\nos.mkdir('in'); os.chdir('in')",
            "open(folder + '/a', 'a').write('2'); open(top + '/t', 'w').write('2')",
            "open(folder + '/a', 'a').write('3'); (pathlib.Path.home() / 'h').write_text('3')",
            "seen = [open(folder + '/a').read(), (pathlib.Path.home() / 'h').read_text(), sorted(os.listdir(top))]",
            "nb.seen",
        ),
        "only the working directory is put back, not the rest of the private folder",
    ),
    "alarm": (
        State(
            "import signal, time\ncalled = []\nsignal.signal(signal.SIGALRM, lambda *_: called.append(1)) and None",
            "pass",
            "signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.3)",
            "signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.3)",
            "nb.called",
        ),
        "a copy takes SIGALRM and its timer for itself",
    ),
    "threads": (
        State(
            "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1); one = pool.submit(int, 1).result()",
            "pass",
            "two = pool.submit(int, 2).result()",
            "three = pool.submit(int, 3).result(5)",
            "[nb.one, nb.three]",
        ),
        "a fork has no threads: a kernel with threads of the notebook's cannot be copied",
    ),
    "children": (
        State(
            "import subprocess\nchild = subprocess.Popen(['cat'], stdin=-1, stdout=-1, bufsize=0)",
            "child.stdin.write(b'first')",
            "child.stdin.write(b'other')",
            "child.stdin.close(); said = child.stdout.read(); code = child.wait()",
            "[nb.said.decode(), nb.code]",
        ),
        "a child process of the notebook's is shared by all copies, and killed with the kernel",
    ),
    "stdout": (
        State(
            "import io, sys\nold, buffer = sys.stdout, io.StringIO()\nsys.stdout = buffer\nprint('given')",
            "print('first')",
            "print('other')",
            "print('after')\nsys.stdout = old\ntext = buffer.getvalue()",
            "nb.text",
        ),
        "a copy gives each cell its own stdout, also where the notebook has put another in its place",
    ),
    "tasks": (
        State(
            "import asyncio\nasync def work():\n    await asyncio.sleep(0.4)\n    return 3\ntask = asyncio.create_task(work()); 0",
            "a = 1",
            "a = 2",
            "done = await task",
            "[nb.a, nb.done]",
        ),
        "a copy has another event loop: tasks that cells began do not go on",
    ),
}


def notebook(*found: State, other: bool) -> Request:
    """All of the states in one notebook."""
    source = "\n".join(_dedented(state.other if other else state.first) for state in found)
    cells = [lecture(state.before) for state in found]
    after = [lecture(state.after) for state in reversed(found)]  # %cd comes last, and its reader first
    expressions = {f"state{n}": state.asks for n, state in enumerate(found)}
    return request(*cells, blank("x", source), check("x"), *after, end=probes(**expressions))


def _dedented(source: str) -> str:
    import textwrap

    return textwrap.dedent(source).strip("\n")


def again_and_whole(first: Request, other: Request, kernels: Kernels = PLAIN) -> tuple[Run, Run]:
    with kernels.opened(first) as live:
        assert "ours" not in kinds(live.run).values()
        return live.again(other), kernels.execute(other)


def test_all_that_a_notebook_carries_along_in_one(taken: list[int]) -> None:
    states = [state for name, state in STATES.items() if name not in ("patches", "settings")]
    again, whole = again_and_whole(notebook(*states, other=False), notebook(*states, other=True))
    assert_same(again, whole)
    assert set(kinds(whole).values()) == {"value"}
    assert len(taken) == 2  # the first, and the whole run: none for the one that was taken up


@pytest.mark.parametrize("name", ["patches", "settings"])
def test_what_changes_the_libraries(name: str) -> None:
    assert_same(*again_and_whole(notebook(STATES[name], other=False), notebook(STATES[name], other=True)))


@slow
@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("kernels", [PLAIN, pytest.param(ISOLATED, marks=needs_isolation)], ids=["plain", "isolated"])
def test_what_a_notebook_carries_along(kernels: Kernels, name: str) -> None:
    first, other = (notebook(STATES[name], other=other) for other in (False, True))
    again, whole = again_and_whole(first, other, kernels)
    assert_same(again, whole)
    assert set(kinds(whole).values()) == {"value"}
    assert captured(kernels.execute(first)) != captured(whole)


@slow
@pytest.mark.parametrize("name", STATES)
def test_without_copies_the_same(name: str, monkeypatch: pytest.MonkeyPatch, taken: list[int]) -> None:
    copied = again_and_whole(notebook(STATES[name], other=False), notebook(STATES[name], other=True))[0]
    taken.clear()
    monkeypatch.setattr(Kernel, "copy", no_copy)
    again, whole = again_and_whole(notebook(STATES[name], other=False), notebook(STATES[name], other=True))
    assert_same(again, whole)
    assert_same(copied, whole)
    assert len(taken) == 3


@slow
@pytest.mark.parametrize("name", TROUBLES)
def test_what_is_hard_to_carry_along(name: str) -> None:
    state = TROUBLES[name][0]
    first, other = (notebook(state, other=other) for other in (False, True))
    first, other = (replace(one, limits=Limits(cell=4, notebook=60, probe=5)) for one in (first, other))
    again, whole = again_and_whole(first, other)
    assert set(kinds(whole).values()) == {"value"}
    assert_same(again, whole)


# ------------------------------------------------------------------------------------------------- one after the other


def chain(
    a: str = "a = 1", b: str = "b = a + 10", c: str = "c = b + 100", middle: str = "log.append('m')", **how: Any
) -> Request:
    """Three blanks, each built on the one before."""
    cells = [
        lecture("import os, signal, time\nlog = []"),
        blank("a", a),
        check("a"),
        blank("b", b),
        check("b"),
        lecture(middle),
        blank("c", c),
        check("c"),
    ]
    asks = {"a": probes(a="nb.a"), "b": probes(b="nb.b"), "c": probes(c="nb.c", all="[nb.log, nb.raises(lambda: nb.a + nb.b)]")}
    return Request(book(*cells), asks, how.pop("limits", QUICK), **how)


CHANGES: dict[str, dict[str, str]] = {
    "first": {"a": "a = 2; log.append(a)"},
    "last": {"c": "c = b + 200"},
    "middle": {"b": "b = a + 20"},
    "given": {"middle": "log.append('n')"},
    "raises": {"b": "log.append(b'half'); raise ValueError('no')"},
    "kills": {"a": "os.abort()"},
    "kills later": {"middle": "os._exit(3)"},
    "kills in the middle": {"b": "log.append(1); os.kill(os.getpid(), 9)"},
    "nothing": {},
}


def many(kernels: Kernels, names: Sequence[str], first: str = "nothing") -> None:
    with kernels.opened(chain(**CHANGES[first])) as live:
        for name in names:
            assert_same(live.again(chain(**CHANGES[name])), kernels.execute(chain(**CHANGES[name])))


def test_one_after_the_other_they_do_not_meet() -> None:
    """What an earlier one did, or that it killed its kernel, is not found by the next."""
    many(PLAIN, ["first", "last", "kills in the middle", "nothing"])


@slow
@pytest.mark.parametrize("kernels", [PLAIN, pytest.param(ISOLATED, marks=needs_isolation)], ids=["plain", "isolated"])
@pytest.mark.parametrize("first", CHANGES)
def test_all_of_them_after_any(first: str, kernels: Kernels) -> None:
    many(kernels, list(CHANGES), first)


@slow
def test_all_of_them_without_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kernel, "copy", no_copy)
    many(PLAIN, list(CHANGES), "kills in the middle")


@pytest.mark.parametrize("deadly", ["os.abort()", "signal.signal(2, signal.SIG_IGN)\nwhile True: pass"], ids=["dies", "hangs"])
def test_a_deadly_cell_is_mended(deadly: str, taken: list[int]) -> None:
    """As when a right answer is put in where the student's killed the kernel."""
    limits = Limits(cell=1.5, notebook=60, probe=10)
    with PLAIN.opened(chain(b=deadly, limits=limits)) as live:
        assert live.run.captures["b"].fault is not None
        assert len(taken) == 1
        again = live.again(chain(limits=limits))
    assert len(taken) == 1
    assert kinds(again) == dict.fromkeys("abc", "value") | {"all": "value"}
    assert [c.value for c in again.captures.values()][:3] == [1, 11, 111]
    assert [c.state for c in again.cells] == ["ok", "ok", "skipped", "ok", "skipped", "ok", "ok", "skipped"]


def test_after_the_notebooks_limit() -> None:
    """The seconds before the copy count, those of the cell that is now another one do not."""
    limits = Limits(cell=60, notebook=2, probe=5)
    with PLAIN.opened(chain(b="time.sleep(60)", limits=limits)) as live:
        assert live.run.state == "timeout"
        again = live.again(chain(limits=limits))
        late = live.again(chain(c="time.sleep(60)", limits=limits))
    assert_same(again, PLAIN.execute(chain()))
    assert (late.state, kinds(late)["b"], kinds(late)["c"]) == ("timeout", "value", "timeout")


def cells_of(*sources: str, dropped: int = -1) -> list[Cell]:
    cells = [
        lecture("log = []"),
        blank("a", "a = 1"),
        *(extra(source, "a") for source in sources),
        check("a"),
        blank("b", "b = len(log)"),
    ]
    return [cell for number, cell in enumerate([*cells, extra("log.append('end')"), check("b")]) if number != dropped]


@pytest.mark.parametrize(
    "other",
    [
        cells_of("log.append(1)", "log.append(3)"),
        cells_of("log.append(1)"),
        cells_of(),
        cells_of("log.append(1)", "log.append(2)", dropped=6),
    ],
    ids=["changed", "one dropped", "both dropped", "the last dropped"],
)
def test_extra_cells_that_are_others(other: list[Cell]) -> None:
    asks = {"a": probes(a="[nb.a, nb.log]"), "b": probes(b="[nb.b, nb.log]")}
    first = Request(book(*cells_of("log.append(1)", "log.append(2)")), asks, QUICK)
    again, whole = again_and_whole(first, replace(first, notebook=book(*other)))
    assert_same(again, whole)


PRIVATE = [
    Probe("secret", "def secret(nb):\n    return [nb.a, torch.rand(1)]", private=True),
    *probes(open="[nb.a, torch.rand(1)]"),
]


@pytest.mark.parametrize("carried", [False, True])
def test_private_probes(carried: bool) -> None:
    def of(b: str) -> Request:
        cells = (lecture("import torch"), blank("a", "a = torch.rand(2)"), check("a"), blank("b", b), check("b"))
        end = [replace(PRIVATE[0], name="hidden", source="def hidden(nb):\n    return [nb.a, nb.b]")]
        return Request(book(*cells), {"a": PRIVATE, "b": end}, QUICK, carried=carried and b == "b = 2")

    again, whole = again_and_whole(of("b = 1"), of("b = 2"))
    assert captured(again) == captured(whole)
    assert set(kinds(again).values()) == {"value"}
    assert (again.cells == [] and again.notes == []) is carried


def test_branches_with_given_cells_between_a_blank_and_its_check() -> None:
    def of(after: str) -> Request:
        cells = (lecture("log = []"), blank("a", "a = 1; log.append(a)"), lecture("a += 1"), lecture("log.append(a)"), check("a"))
        tried = probes(seen="[nb.a, nb.log]")
        branches = {"a": [Branch(f"b{n}", f"a = {n}; log.append(-a)", tuple(tried)) for n in (5, 7)]}
        return Request(
            book(*cells, blank("z", after), check("z")), {"a": tried, "z": probes(z="[nb.z, nb.log]")}, QUICK, branches=branches
        )

    with PLAIN.opened(of("z = 1")) as live:
        again = live.again(of("z = 2"))
        assert live.run.branches["b5"]["seen"].value == [6, [-5, 6]]
        assert live.run.branches["b7"]["seen"].value == [8, [-7, 8]]
    assert_same(again, PLAIN.execute(of("z = 2")))
    assert again.captures["z"].value == [2, [1, 2]]


# ---------------------------------------------------------------------------------------- other questions, other surroundings


def test_other_questions_are_asked() -> None:
    first = chain()
    other = replace(first, probes={**first.probes, "a": probes(a="nb.a + 0.5", new="type(nb.a).__name__")})
    again, whole = again_and_whole(first, other)
    assert_same(again, whole)
    assert (again.captures["a"].value, again.captures["new"].value) == (1.5, "int")


@pytest.mark.slow
def test_other_surroundings_are_had(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("data")
    first = request(
        lecture("import random, os"), blank("a", "a = random.random()"), check("a"), a=probes(a="[nb.a, nb.os.listdir('.')]")
    )
    for other in (replace(first, seed=1), replace(first, data=tmp_path, data_digest="d")):
        again, whole = again_and_whole(first, other)
        assert_same(again, whole)
        assert captured(again) != captured(PLAIN.execute(first))


def test_a_folder_that_is_not_the_notebooks_is_left_alone(tmp_path: Path) -> None:
    """A notebook may go anywhere where it is not shut off; what others write there meanwhile stays."""
    (tmp_path / "mine").write_text("before")
    first, other = (
        request(lecture(f"%cd -q {tmp_path}"), blank("a", f"a = {n}"), check("a"), a=probes(a="nb.a")) for n in (1, 2)
    )
    with PLAIN.opened(first) as live:
        (tmp_path / "mine").write_text("changed")
        (tmp_path / "new").write_text("new")
        assert live.again(other).captures["a"].value == 2
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"mine": "changed", "new": "new"}


def test_when_all_copies_are_lost_it_is_run_anew(taken: list[int]) -> None:
    """A cell that goes on from a copy kills that one."""
    deadly = "os.kill(os.getppid(), signal.SIGKILL)"
    with PLAIN.opened(chain()) as live:
        live.again(chain(c=deadly))
        assert_same(live.again(chain(c="c = b + 300")), PLAIN.execute(chain(c="c = b + 300")))
        assert_same(live.again(chain(a="a = 5")), PLAIN.execute(chain(a="a = 5")))


def test_what_nbclient_does_not_take_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_notebook: Notebook) -> None:
        raise ValueError("no notebook")

    before = left_behind()
    monkeypatch.setattr(Notebook, "to_node", refuse)
    ran = PLAIN.execute(request(lecture("a = 1")))
    assert ran.state == "ours"
    assert left_behind() == before


# ------------------------------------------------------------------------------------------------------- random notebooks

ACTIONS = [
    "count += {n}",
    "log.append((count, {n}))",
    "drawn.append(torch.rand({n} + 1))",
    "drawn.append(random.random() + np.random.rand())",
    "open('log.txt', 'a').write('{n},')",
    "open('log.txt', 'w').write('{n}')",
    "os.makedirs(f'd{n}', exist_ok=True)",
    "raise ValueError({n})",
    "del count",
]
sources = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3)), min_size=1, max_size=3).map(
    lambda found: "\n".join(action.replace("{n}", str(n)) for action, n in found)
)


@st.composite
def changed(draw: st.DrawFn) -> tuple[Notebook, Notebook]:
    """A notebook of blanks and given cells, and the same with one cell changed."""
    found = draw(st.lists(st.tuples(st.booleans(), sources), min_size=2, max_size=5))
    at, other = draw(st.integers(0, len(found) - 1)), draw(sources)
    begin = lecture("import os, random, numpy as np, torch\ncount, log, drawn = 0, [], []")
    made = [[begin], [begin]]
    for number, (is_blank, source) in enumerate(found):
        for cells, text in zip(made, (source, other if number == at else source), strict=True):
            cells += [blank(f"b{number}", text), check(f"b{number}")] if is_blank else [lecture(text)]
    one, two = (book(*cells) for cells in made)
    return one, two


def asks_of(notebook: Notebook) -> Mapping[str, Sequence[Probe]]:
    text = "[nb['log'], nb['drawn'], [open(n).read() for n in nb.os.listdir('.') if n.endswith('txt')], sorted(nb.os.listdir('.')), nb['count']]"
    blanks = [cell.name for cell in notebook if cell.id.startswith("check-")]
    return {name: probes(**{f"at_{name}": text}) for name in [*blanks, "end"]}


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(changed())
def test_random_notebooks(both: tuple[Notebook, Notebook]) -> None:
    again_of_random(both)


@slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed())
def test_many_random_notebooks(both: tuple[Notebook, Notebook]) -> None:
    again_of_random(both)


def again_of_random(both: tuple[Notebook, Notebook]) -> None:
    first, other = (Request(notebook, asks_of(notebook), QUICK) for notebook in both)
    with PLAIN.opened(first) as live:
        again, back = live.again(other), live.again(first)
    assert_same(again, PLAIN.execute(other))
    assert captured(back) == captured(live.run)
