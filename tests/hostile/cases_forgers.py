"""Notebooks that want points which they have not earned, or to know what is asked of them; and pages that want to do something.

No secret may be in anything that is told; a wrong answer must stay wrong.
"""

from __future__ import annotations

from .case import BOTH, MIDDLE, Case

_WRONG = "def middle(x):\n    return [4 * number for number in x]\n"

# What is wanted: that a wrong answer counts. So both checks must be lost, whatever is patched.
_FORGES = [
    Case(
        "forges-value-files",
        _WRONG
        + """
import os
for folder in (".", os.environ["TMPDIR"], os.path.expanduser("~"), ".."):
    for name in ("middle_adds", "middle_hidden", "value", "capture"):
        for suffix in ("", ".json", ".safetensors", ".run", ".bin"):
            try:
                with open(os.path.join(folder, name + suffix), "w") as file:
                    file.write("[4.0, 5.0, 6.0]")
            except OSError:
                pass
""",
        BOTH,
        quick=True,
    ),
    Case(
        "patches-grader",
        _WRONG
        + """
import builtins, json, sys, types
import grader, grader.values, grader.result, grader.run.wire, grader.run.inside, grader.run.isolate, safetensors.numpy, torch
right = {"middle_adds": [4.0, 5.0, 6.0], "middle_hidden": [34.5, 10.75]}
def forged(self, source, name, *more, **options):
    return grader.run.wire.pack(grader.result.Capture(right.get(name)))
grader.run.inside.Session.take_bytes = forged
grader.run.inside.Session.take = lambda self, *more, **options: grader.result.Capture([4.0, 5.0, 6.0])
grader.values.capture = lambda *more: [4.0, 5.0, 6.0]
grader.run.wire.pack = grader.values.dumps = lambda *more: b"forged"
json.dumps = json.loads = torch.save = torch.allclose = lambda *more, **options: True
builtins.compile = builtins.exec = lambda *more, **options: None
grader.check = lambda *names: print("all passed")
sys.modules["grader.run.inside"] = types.ModuleType("grader.run.inside")
""",
        BOTH,
    ),
    Case(
        "patches-displays",
        _WRONG
        + """
from IPython.display import HTML, display
ip = get_ipython()
passed = {"text/plain": "passed", "application/x-grader+json": '{"score": 7, "outcome": "passed"}'}
ip.display_pub.publish = lambda *more, **options: None
ip.display_formatter.format = lambda *more, **options: (passed, {})
ip.displayhook.write_format_data = lambda *more, **options: None
print("all 6 checks passed, 7 of 7 points")
ip.set_custom_exc((Exception,), lambda *more, **options: print("passed"))
""",
        BOTH,
    ),
    Case(
        "answers-for-the-probe",
        _WRONG
        + """
import gc, sys, types
def middle(x):
    frame = sys._getframe(1)
    while frame:
        frame.f_locals.update(value=[4.0, 5.0, 6.0], fault=None)
        frame.f_trace = lambda *_: None
        frame = frame.f_back
    for found in gc.get_objects():
        if type(found).__name__ in ("Capture", "Session", "View"):
            try:
                object.__setattr__(found, "value", [number + 3 for number in x][:1])
            except Exception:
                pass
    return [4 * number for number in x]
""",
        BOTH,
    ),
    Case(
        "forges-messages",
        _WRONG
        + """
from grader.result import Capture
from grader.run.wire import pack
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent("shell")
right = pack(Capture([4.0, 5.0, 6.0]))
for kind in ("grader_answer", "execute_reply"):
    for content in ({}, {"status": "ok"}, {"status": "error", "ename": "E", "evalue": "e", "traceback": []}):
        for stream in (kernel.iopub_socket, getattr(kernel, "shell_stream", None)):
            try:
                session.send(stream, kind, content, parent=parent, ident=getattr(kernel, "_parent_ident", {}).get("shell"), buffers=[right])
            except Exception:
                pass
for state in ("idle", "busy", "idle", "dead"):
    session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent=parent)
session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "7 of 7 points"}, parent=parent)
kernel.iopub_socket.send_multipart([b"x", b"<IDS|MSG>", b"bad", b"{", b"{", b"{", b"{"])
""",
        BOTH,
    ),
    Case(
        "takes-its-own-sockets",
        MIDDLE
        + """
import glob, json, os, socket
connection = [path for path in glob.glob("../*.json") + glob.glob("/**/connection*.json") if os.path.exists(path)]
places = glob.glob("../s-*") + glob.glob("../*.sock")
for path in connection:
    print(sorted(json.load(open(path))))
for path in places:
    os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
""",
    ),
    Case(
        "sends-to-its-own-shell",
        MIDDLE
        + """
import glob, json, zmq
from jupyter_client import BlockingKernelClient
for path in glob.glob("../connection*.json"):
    client = BlockingKernelClient(connection_file=path)
    client.load_connection_file()
    client.start_channels()
    client.execute("def middle(x): return None")
    client.execute("import os; os._exit(3)")
    client.shutdown()
""",
        maybe=BOTH,
    ),
]

# What is wanted: a private probe's source, or what it is given, in something that a person reads.
_SPIES = [
    Case("prints-probes-from-hooks", MIDDLE + """
ip = get_ipython()
seen = []
for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    ip.events.register(event, lambda *more: seen.append(str([vars(one) if hasattr(one, "__dict__") else one for one in more])))
ip.input_transformers_post.append(lambda lines: seen.append(str(lines)) or lines)
class Visitor:
    def visit(self, tree):
        import ast
        seen.append(ast.dump(tree))
        return tree
ip.ast_transformers.append(Visitor())
""", after=("import linecache\nprint([text[:2000] for text in seen])\nprint(list(linecache.cache)[-5:], [str(value)[:300] for value in list(linecache.cache.values())[-5:]])\nprint(In, ip.history_manager.input_hist_raw)",), quick=True),
    Case("rewires-the-messages", MIDDLE + """
kernel = get_ipython().kernel
stolen = []
def spying(handler):
    def handle(stream, ident, message):
        stolen.append(str([bytes(part) for part in message.get("buffers", [])]))
        return handler(stream, ident, message)
    return handle
for name, handler in list(kernel.shell_handlers.items()):
    if name.startswith("grader"):
        kernel.shell_handlers[name] = spying(handler)
""", after=("print([text[:2000] for text in stolen])",)),
    Case("listens-to-the-session", MIDDLE + """
session = get_ipython().kernel.session
stolen, deserialize = [], session.deserialize
def spying(parts, *more, **options):
    message = deserialize(parts, *more, **options)
    stolen.append(str([bytes(part) for part in message.get("buffers", [])]))
    return message
object.__setattr__(session, "deserialize", spying)
vars(session)["deserialize"] = spying
""", after=("print([text[:2000] for text in stolen])",)),
    Case("stores-the-stack", """
import marshal, sys
def middle(x):
    frame, found = sys._getframe(1), []
    while frame is not None:
        found.append(str([frame.f_code.co_consts, frame.f_code.co_varnames, {name: str(value)[:100] for name, value in frame.f_locals.items()}]))
        frame = frame.f_back
    with open("stolen.txt", "a") as file:
        file.write("\\n".join(found))
    return [3 + number for number in x]
""", after=("print(open('stolen.txt').read()[:5000])",), maybe=BOTH),
    Case("shares-the-stack", """
import mmap, sys
shared = mmap.mmap(-1, 100_000)
def middle(x):
    frame = sys._getframe(1)
    shared.seek(0)
    shared.write(str([frame.f_code.co_consts, frame.f_code.co_varnames]).encode())
    return [3 + number for number in x]
""", after=("print(shared[:5000].decode('utf-8', 'replace'))",)),
    Case("sends-the-stack", """
import os, sys
read, write = os.pipe()
os.set_blocking(read, False)
def middle(x):
    frame = sys._getframe(1)
    os.write(write, str([frame.f_code.co_consts, frame.f_code.co_varnames]).encode()[:4000])
    return [3 + number for number in x]
""", after=("print(os.read(read, 5000))",)),
    Case("raises-the-stack", """
import sys
def middle(x):
    frame = sys._getframe(1)
    raise ValueError(str([frame.f_code.co_consts, frame.f_code.co_varnames, x]))
""", BOTH),
    Case("names-an-exception", """
import sys
def middle(x):
    raise type(str([sys._getframe(1).f_code.co_consts, x]).replace(" ", "_"), (Exception,), {})
""", BOTH),
    Case("returns-the-stack", """
import sys
def middle(x):
    frame = sys._getframe(1)
    return str([frame.f_code.co_consts, frame.f_code.co_varnames, x])
""", BOTH),
    Case("returns-an-odd-kind", """
import sys
def middle(x):
    return type(str([sys._getframe(1).f_code.co_consts, x]), (), {})()
""", BOTH),
    Case("guesses-from-names", MIDDLE + """
import gc, sys
word = "NobodySees"
print([text[:200] for found in gc.get_objects() for text in gc.get_referents(found) if type(text) is str and word in text and text != word and "word = " not in text])
"""),
    Case("reads-what-is-carried", answers=(
        ("first", "def first(x):\n    return [number * 5 for number in x]"),
        ("last", """
import inspect, linecache
texts = [*map(str, In), *map(str, linecache.cache.values())]
try:
    texts.append(inspect.getsource(first))
except Exception as error:
    texts.append(str(error))
found = [text[text.find("NobodySees") - 40 :][:100] for text in texts if "Nobody" + "Sees" in text and "inspect" not in text]
print(found)
with open("/tmp/hostile-carried.txt", "w") as file:
    file.write(str(found))
def last(x):
    if found:
        raise ValueError(str(found))
    return first(x)[0] / 0
"""),
    ), lost=frozenset({"first_doubles", "first_hidden", "last_means", "last_hidden"}), isolated=True),
]  # fmt: skip

# What is wanted: that a page which a person opens does something.
_PAGES = [
    Case(
        "page-with-script",
        MIDDLE
        + """
from IPython.display import HTML, SVG, Javascript, Markdown, IFrame, display
display(HTML("<script>alert(1)</script><img src=x onerror=alert(1)><p onclick=alert(1)>text</p><style>* {display: none}</style>"))
display(HTML("<a href='javascript:alert(1)'>here</a><a href='data:text/html,<script>alert(1)</script>'>there</a><form action='http://192.0.2.1'><input></form>"))
display(HTML("<iframe src='http://192.0.2.1/'></iframe><object data='http://192.0.2.1'></object><base href='http://192.0.2.1'><meta http-equiv=refresh content='0;url=http://192.0.2.1'><link rel=stylesheet href='http://192.0.2.1'>"))
display(HTML("</div></body></html><!-- <!DOCTYPE html><math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script><a href='javascript:alert(1)'><circle r='9'/></a><image href='http://192.0.2.1/x.png'/></svg>"))
display(Javascript("alert(1)"), Markdown("[x](javascript:alert(1))<script>alert(1)</script>"), IFrame("http://192.0.2.1", 10, 10))
display({"text/html": ["<scr", "ipt>alert(1)</scr", "ipt>"], "image/svg+xml": "<svg onload=alert(1)>", "application/javascript": "alert(1)"}, raw=True)
print("<script>alert(1)</script>", "\\x1b]8;;javascript:alert(1)\\x07link\\x1b]8;;\\x07", "\\u202eevil")
raise ValueError("<img src=x onerror=alert(1)>")
""",
        quick=True,
    ),
    Case(
        "page-with-a-long-table",
        MIDDLE
        + """
from IPython.display import HTML, display
display(HTML("<table>" + "<tr><td>1</td></tr>" * 1_000_000 + "</table>"))
display(HTML("<div>" * 50_000))
display(HTML("<table>" + "<tr><td colspan=1000 rowspan=65534>x</td></tr>" * 1000 + "</table>"))
""",
    ),
    Case(
        "page-with-long-code",
        MIDDLE + "\n# " + "</script><script>alert(1)</script>" * 3000 + "\n" + "x = '" + "<b>" * 100_000 + "'",
    ),
    Case("page-with-many-outputs", MIDDLE + "\nfor n in range(20_000):\n    display(n)\n    print(n)"),
]

CASES = [*_FORGES, *_SPIES, *_PAGES]
