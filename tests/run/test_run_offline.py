"""A notebook that is shut off from the machine and asks for the network: it is told so."""

import pytest
from run_cells import book, extra, printed, states

from grader.isolation import available, missing
from grader.result import CellRun
from grader.run import Kernels, Request
from grader.run.offline import note
from grader.settings import Limits

needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")

FETCHES = "import urllib.request\nurllib.request.urlopen('http://example.org')"


def cell(error: str = "", text: str = "") -> CellRun:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    return CellRun("given-1", "given", "", "source", "error" if error else "ok", error=error, outputs=outputs)


@pytest.mark.parametrize(
    "found",
    [
        cell("URLError: <urlopen error [Errno -3] Temporary failure in name resolution>"),
        cell("gaierror: [Errno -2] Name or service not known"),
        cell(
            "ConnectionError: HTTPSConnectionPool(host='x.org', port=443): Max retries exceeded (Caused by: Failed to resolve 'x.org'"
        ),
        cell("OSError: [Errno 101] Network is unreachable"),
        cell(text="Cloning into 'y'...\nfatal: unable to access 'https://x.org/y/': Could not resolve host: x.org\n"),
        cell(text="wget: unable to resolve host\nResolving x.org (x.org)... failed: Name or service not known.\n"),
    ],
)
def test_what_libraries_and_commands_say_of_it(found: CellRun) -> None:
    assert note([found]) == (
        "Cell `given-1` asked for the network. There is none while a notebook is graded: what it needs must come along with it."
    )


def test_of_several_there_is_one_note_and_of_others_none() -> None:
    asked = cell("gaierror: [Errno -2] Name or service not known")
    assert note([asked, cell(), asked, asked]).startswith("Cells `given-1`, `given-1` and `given-1` asked for the network.")
    assert (
        note([cell(), cell("NameError: name 'network' is not defined"), cell(text="pip could not resolve all; name resolution")])
        == ""
    )


@needs_isolation
def test_the_run_of_one_that_is_shut_off() -> None:
    cells = book(extra(FETCHES), extra("import os\nprint(os.environ['PIP_RETRIES'])"))
    ran = Kernels(isolated=True).execute(Request(cells, {}, Limits(cell=20, notebook=60, probe=5)))
    assert list(states(ran).values()) == ["error", "ok"]
    assert printed(ran, "extra-1") == "0\n"
    assert ran.notes == [note([ran.cells[0]])] != [""]


def test_one_that_is_not_shut_off_is_told_nothing() -> None:
    source = "import os\nprint('PIP_RETRIES' in os.environ)\nraise OSError('[Errno 101] Network is unreachable')"
    ran = Kernels().execute(Request(book(extra(source)), {}, Limits(cell=20, notebook=60, probe=5)))
    assert (printed(ran, "extra-0"), ran.notes) == ("False\n", [])
