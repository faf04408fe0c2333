"""Notebooks that tamper with their kernel, short of killing it: captures stay right, probes unseen, outputs small. Real kernels."""

import pytest
from run_cells import blank, cell, check, given, kinds, printed, probe, probes, run_book

from grader.result import Run
from grader.values import Array, Other

SECRET = "TheSecretOfThePrivateProbe"


@pytest.fixture(scope="module")
def tampered() -> Run:
    """One notebook that does everything short of killing its kernel."""
    return run_book(
        given("import sys, os, json, builtins, time, threading, subprocess, gc\nimport numpy as np, torch\nx = torch.ones(2)"),
        blank("exits", "a = 1\nsys.exit('over')\nb = 2"),
        blank("quits", "c = 1\nquit()\nd = 2"),
        blank("leaves", "exit\ne = 1"),
        given("time.sleep(0.3)"),  # IPython ends a kernel 0.1 s after `quit()`
        blank("asks", "name = input('Your name? ')"),
        blank("closes", "print('before')\nsys.stdout.close()"),
        given("print('open again')\nos.close(1)"),
        given("print('without a descriptor')"),
        given("sys.stdout = None"),
        given("print('and again')"),
        blank("patches", PATCHES),
        check("patches"),
        blank("equal", "class Yes:\n    def __eq__(self, other): return True\n    __hash__ = None\nyes = Yes()"),
        blank("hooks", HOOKS),
        check("hooks"),
        blank("looks", LOOKS),
        blank("threads", "def spin():\n    while True: time.sleep(0.01)\nthreading.Thread(target=spin).start()"),
        blank("children", CHILDREN),
        blank("forged", FORGED),
        blank("big", BIG),
        blank("locks", "os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0)"),
        asks={
            "patches": [probe("[torch.allclose(torch.zeros(1), torch.ones(1)), nb.x.sum(), np.sum([1, 2]), sorted([1])]")],
            "hooks": [probe(f"def private(nb):\n    {SECRET} = 1\n    print('{SECRET}')\n    return [{SECRET}, nb.x]")],
            "end": probes(yes="nb.yes", fine="nb.x", a="nb.a", b="nb.b", c="nb.c", d="nb.d", seen="nb.seen"),
        },
    )


PATCHES = """
torch.allclose = lambda *a, **k: True
torch.Tensor.sum = lambda self: torch.zeros(())
np.array = np.sum = np.asarray = None
json.dumps = lambda *a, **k: "forged"
builtins.open = builtins.sorted = builtins.round = None
os.fork = os.write = os.read = os._exit = os.pipe = None
import grader.values, grader.run.wire, grader.run.inside
grader.values.capture = grader.values.dumps = grader.run.wire.pack = lambda *a: b"forged"
grader.run.inside.Session.take_bytes = lambda *a, **k: b"forged"
sys.modules["torch"] = sys.modules["safetensors.numpy"] = None
"""

HOOKS = """
for name, module in list(sys.modules.items()):
    pass
seen = []
ip = get_ipython()
for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    ip.events.register(event, lambda *a: seen.append(str(a)) and None)
ip.input_transformers_post.append(lambda lines: seen.append(str(lines)) or lines)
class Visitor:
    def visit(self, tree): seen.append(str(tree)); return tree
ip.ast_transformers.append(Visitor())
def trace(frame, event, arg):
    if frame.f_code.co_filename == "<probe>": seen.append(str(frame.f_code))
    return trace
print("x")
"""

LOOKS = """
import linecache
half = "TheSecretOf", "ThePrivateProbe"
word = half[0] + half[1]
places = [str(In), str(_ih), str(list(globals())), str(seen), str(linecache.cache), str(ip.last_execution_result)]
places += [str(ip.history_manager.input_hist_raw), str(ip.kernel.get_parent("shell")), str(vars(ip.compile))]
places += [r for o in gc.get_objects() for r in gc.get_referents(o) if type(r) is str]
places += [bytes(r).decode("utf-8", "replace") for o in gc.get_objects() for r in gc.get_referents(o) if type(r) is bytes]
print([place[:300] for place in places if word in place and place is not word] or "not found", ip.execution_count)
"""

CHILDREN = """
sleepers = [subprocess.Popen(["sleep", "1000"]), subprocess.Popen(["sleep", "1000"], start_new_session=True)]
!sleep 1000 &
"""

FORGED = """
session, kernel = ip.kernel.session, ip.kernel
for content in ({}, {"data": 3}, {"data": {"text/plain": float("nan")}}, {"name": 1, "text": None}):
    for kind in ("stream", "display_data", "error", "clear_output", "update_display_data", "nonsense"):
        session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
for stream in (kernel.iopub_socket,):
    stream.send_multipart([b"x", b"<IDS|MSG>", b"bad", b"{", b"{", b"{", b"{"])
display(json.loads('["\\\\ud800"]'))
"""

BIG = """
from IPython.display import display, HTML, clear_output
display(HTML("x" * 3_000_000))
for _ in range(10): display(HTML("y" * 1_900_000))
for i in range(600): display(i)
print("z" * 300_000)
"""


def test_exits_end_the_cell_and_not_the_kernel(tampered: Run) -> None:
    assert tampered.state == "complete"
    assert tampered.notes == []
    assert (cell(tampered, "blank-exits").state, cell(tampered, "blank-exits").error) == ("error", "SystemExit: over")
    assert (cell(tampered, "blank-quits").state, cell(tampered, "blank-quits").line) == ("error", 2)
    assert [kinds(tampered)[name] for name in "abcd"] == ["value", "not_defined", "value", "not_defined"]


def test_nobody_answers_input(tampered: Run) -> None:
    assert cell(tampered, "blank-asks").error.startswith("StdinNotImplementedError")


def test_stdout_is_open_again_in_the_next_cell(tampered: Run) -> None:
    assert printed(tampered, "blank-closes") == "before\n"
    assert [printed(tampered, f"given-{n}") for n in (7, 8, 10)] == ["open again\n", "without a descriptor\n", "and again\n"]


def test_patched_libraries_change_no_capture(tampered: Run) -> None:
    assert cell(tampered, "blank-patches").state == "ok"
    allclose, total, numpy_sum, ordered = tampered.captures["it"].value
    assert (allclose, total.data, numpy_sum, ordered) == (False, 2.0, 3, [1])
    assert isinstance(tampered.captures["fine"].value, Array)


def test_what_equals_everything_is_no_value(tampered: Run) -> None:
    assert tampered.captures["yes"].value == Other("Yes")


def test_a_private_probe_is_seen_nowhere_afterwards(tampered: Run) -> None:
    assert tampered.captures["private"].value[0] == 1
    assert printed(tampered, "blank-looks") == "not found 16\n"  # it is the 15th execution: nothing else counted
    assert SECRET not in str(tampered.cells)
    assert not any(SECRET in text or "<probe>" in text for text in tampered.captures["seen"].value)


def test_forged_messages_are_passed_over(tampered: Run) -> None:
    assert cell(tampered, "blank-forged").state == "ok"
    tampered.to_bytes()


def test_outputs_are_capped(tampered: Run) -> None:
    outputs = cell(tampered, "blank-big").outputs
    assert outputs[0]["data"]["text/html" if "text/html" in outputs[0]["data"] else "text/plain"] != "x" * 3_000_000
    assert "3.0 MB left out" in str(outputs[0]["data"]) or outputs[0]["data"]["text/plain"].startswith("<IPython")
    assert sum("y" * 1000 in str(output) for output in outputs) == 8
    assert len(outputs) < 510
    assert len(printed(tampered, "blank-big")) == 200_000
    assert "left out" in outputs[-1]["text"]
