"""Notebooks that want what is not theirs. Each is told where everything lies: the worst case.

What must not happen is the same for all: no secret and no boast in anything that is told, nothing changed around the output
folder, nobody at a service of the host's, no process left.
"""

from __future__ import annotations

from .case import BOTH, MARK, MIDDLE, Case

# A boast stands in the source in two halves, as the secrets do that it looks for: `spilled` must not find the source itself.
_TRY = f"""
{MIDDLE}

def tell(*what):
    print("LEA" + "KED", *(str(one)[:300] for one in what), flush=True)

def attempt(action):
    try:
        tell(action())
    except BaseException as error:
        print("kept out:", type(error).__name__)
"""


def _all(*actions: str) -> str:
    """The right answer, and each of these expressions tried; what it gives is told."""
    return _TRY + "\n".join(f"attempt(lambda: {action})" for action in actions)


def _none(setup: str, *actions: str) -> str:
    return _TRY + setup + "\n" + "\n".join(f"attempt(lambda: {action})" for action in actions)


_READS = [
    Case("reads-the-reference", _all("open('@course@/reference/hostile.py').read()", "__import__('os').listdir('@course@')"), isolated=True),
    Case("imports-the-reference", _none("import sys\nsys.path.insert(0, '@course@')", "__import__('importlib').import_module('reference.hostile')"), isolated=True),
    Case("reads-the-key", _none(
        "import glob",
        "[open(path, 'rb').read() for path in glob.glob('@course@/.grader/runs/*')][0]",
        "open('@course@/assignments/hostile/checks.py').read()",
    ), isolated=True),
    Case("reads-others", _none(
        "import os",
        "open('@handed@/neighbour.ipynb').read()", "[open(os.path.join('@handed@', name)).read() for name in os.listdir('@handed@')][0]",
    ), isolated=True),
    Case("reads-the-gradebook", _none(
        "import sqlite3, os",
        "open('@out@/gradebook.db', 'rb').read(16)", "sqlite3.connect('file:@out@/gradebook.db?mode=ro', uri=True).execute('select * from grades').fetchall()",
        "os.listdir('@out@')",
    ), isolated=True),
    Case("reads-a-letter", _all("open('@canary@/letter.txt').read()"), isolated=True),
    Case("reads-its-environment", MIDDLE + """
import os
for name, value in os.environ.items():
    if "HOSTILE" in name.upper() or "NobodySees" in value:
        print("LEA" + "KED", name, value)
""", quick=True),
    Case("reads-other-processes", _TRY + """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    for file in ("environ", "cmdline", "maps"):
        try:
            text = open(f"/proc/{pid}/{file}", "rb").read()
        except OSError:
            continue
        if b"NobodySees" in text or b"pytest" in text:
            tell(pid, file, text)
attempt(lambda: os.readlink("/proc/@pid@/exe"))
attempt(lambda: os.listdir("/proc/@pid@/fd"))
""", isolated=True),
    Case("reads-its-parent", _TRY + """
import os
parent = os.getppid()
for file in ("environ", "mem", "maps"):
    try:
        with open(f"/proc/{parent}/{file}", "rb") as opened:
            text = opened.read(100_000) if file != "mem" else b"NobodySees"
    except OSError as error:
        print("kept out:", error)
        continue
    if b"NobodySees" in text:
        tell(file, text)
""", isolated=True),
    Case("looks-around", _none("import os", "open('/etc/shadow').read()", "open(os.path.expanduser('~root/.bashrc')).read()", "os.listdir('/var/log')"), isolated=True),
]  # fmt: skip

_WRITES = [
    Case("writes-outside", _none(
        "import os, shutil",
        "open('@canary@/letter.txt', 'w').write('changed')", "open('@canary@/new.txt', 'w')", "os.remove('@canary@/letter.txt')",
        "os.rename('@canary@/inner', '@canary@/outer')", "os.chmod('@canary@/letter.txt', 0)", "os.link('@canary@/letter.txt', 'mine')",
        "os.utime('@canary@/letter.txt')", "os.truncate('@canary@/letter.txt', 0)", "shutil.rmtree('@canary@')",
        "open('@course@/reference/hostile.py', 'a').write('# changed')", "open('@handed@/neighbour.ipynb', 'a').write('changed')",
    ), isolated=True),
    Case("writes-grades", _none(
        "import os, sqlite3",
        "open('@out@/grades.csv', 'w').write('changed')", "os.mkdir('@out@/new')", "os.remove('@out@/gradebook.db')",
        "sqlite3.connect('@out@/gradebook.db').execute('delete from grades')",
        "open('@course@/.grader/runs/forged.run', 'wb')",
    ), isolated=True),
    Case("writes-to-the-environment", _none(
        "import os, site, sysconfig, grader\nplaces = [sysconfig.get_path('purelib'), os.path.dirname(grader.__file__), site.getusersitepackages(), '/etc', '/usr/lib', '/var/tmp', '/dev/shm', '@tmp@']\n"
        "def write(folder):\n    path = os.path.join(folder, 'hostile-canary.txt')\n    open(path, 'w').close()\n    on_host = not os.access('@canary@', os.F_OK)\n    os.remove(path)\n    return folder",
        "write(places[0])", "write(places[1])", "write(places[3])", "write(places[4])",
    ), isolated=True),
    Case("leaves-files-for-the-next", MIDDLE + """
import os
for folder in ("/dev/shm", "/tmp", "/var/tmp", "@tmp@"):
    try:
        open(os.path.join(folder, "hostile-for-the-next.txt"), "w").close()
    except OSError as error:
        print("kept out:", error)
""", isolated=True),
    Case("leaves-links", MIDDLE + """
import os
os.symlink("@canary@", "link")
os.mkdir("locked")
os.symlink("@canary@/letter.txt", "locked/letter.txt")
os.chmod("locked", 0)
for folder in (os.path.expanduser("~"), os.environ["TMPDIR"], os.getcwd()):
    try:
        os.rename(folder, folder + "-away")
        os.symlink("@canary@", folder)
    except OSError as error:
        print(error)
""", quick=True),
    Case("becomes-a-library", MIDDLE + """
import os
for place in (os.getcwd(), os.path.expanduser("~"), os.environ["TMPDIR"]):
    for name in ("torch.py", "numpy.py", "json.py", "grader.py", "sitecustomize.py", "usercustomize.py", "ipykernel_launcher.py"):
        with open(os.path.join(place, name), "w") as file:
            file.write('print("LEA" + "KED")')
os._exit(1)
""", BOTH),
    Case("makes-devices", _none(
        "import os, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nos.mkdir('new')\ndef mount():\n    if libc.mount(b'none', b'new', b'tmpfs', 0, None):\n        raise OSError(ctypes.get_errno())\n    return 'mounted'",
        "os.mknod('memory', 0o20600, os.makedev(1, 1)) or open('memory', 'rb')", "mount()",
    ), isolated=True),
    Case("leaves-shared-memory", MIDDLE + """
import ctypes
libc = ctypes.CDLL(None)
print("made", libc.shmget(@segment@, 4096, 0o1666) >= 0)  # IPC_CREAT
""", isolated=True),
]  # fmt: skip

_REACHES = [
    Case("calls-the-host", _none("import socket", "socket.create_connection(('127.0.0.1', @port@), 2)", "socket.create_connection(('localhost', @port@), 2)"), isolated=True),
    Case("calls-the-world", _none(
        "import socket\ndef datagram():\n    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n    sender.connect(('192.0.2.1', 53))\n    return sender.getsockname()",
        "socket.create_connection(('192.0.2.1', 80), 1)", "datagram()",
    ), isolated=True),
    Case("calls-a-socket-file", _none("import socket\ncaller = socket.socket(socket.AF_UNIX)", "caller.connect('@socket@')"), isolated=True),
    Case("calls-an-abstract-socket", _none("import socket\ncaller = socket.socket(socket.AF_UNIX)", "caller.connect('\\0' + '@socket@')"), isolated=True),
    Case("signals-the-grader", _none(
        "import os, signal",
        "os.kill(@pid@, 0) or 'seen'", "os.kill(@pid@, signal.SIGURG) or 'reached'", "os.killpg(os.getpgid(@pid@), signal.SIGURG) or 'group'",
    ), isolated=True),
    Case("signals-its-parent", MIDDLE + """
import os, signal, time
parent = os.getppid()
if parent > 1 and not os.path.exists("@canary@"):  # shut off from the files, it must be shut off from this, too
    os.kill(parent, signal.SIGKILL)
    time.sleep(0.5)
    if os.getppid() != parent:
        print("LEA" + "KED", "killed", parent)
""", maybe=BOTH, isolated=True),
    Case("signals-everybody", _TRY + """
import os, signal
names = [open(f"/proc/{pid}/cmdline", "rb").read() for pid in os.listdir("/proc") if pid.isdigit()]
if any(b"pytest" in name or b"grader grade" in name.replace(b"\\0", b" ") for name in names):
    tell("sees the grader")
elif not os.path.exists("@canary@"):
    os.kill(-1, signal.SIGKILL)
""", maybe=BOTH | {"first_hidden"}, state="graded|needs_review", isolated=True),
    Case("waits-for-the-next-student", MIDDLE + f"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execve("/bin/sh", ["sh", "-c", "while :; do sleep 1; done # {MARK}"], {{}})
    os._exit(0)
""", isolated=True),
    Case("becomes-root", _none("import os, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)",
        "os.chroot('.') or 'a root of its own'", "open('/proc/sys/kernel/hostname', 'w').write('hostile')",
        "open('/proc/sysrq-trigger', 'w') and 'sysrq'", "open('/proc/self/oom_score_adj', 'w').write('-1000') and 'never killed'",
    ), isolated=True),
]  # fmt: skip

CASES = [*_READS, *_WRITES, *_REACHES]
