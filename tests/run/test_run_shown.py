"""What a cell shows is the same in a kernel and in a copy of one, which goes on where the kernel was lost."""

import json
import re
import sys

import pytest
from run_cells import blank, cell, given, run_book, states

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

SHOWS = {
    "a picture of PIL": "from PIL import Image\nImage.new('RGB', (2, 2))",
    "a displayed picture of PIL": "from PIL import Image\ndisplay(Image.new('L', (3, 2)))",
    "bytes for a picture": "class Shown:\n    def _repr_png_(self):\n        return b'abc'\nShown()",
    "what JSON has no word for": "import datetime\nclass Shown:\n    def _repr_mimebundle_(self, **_):\n"
    "        return {'application/json': {'numbers': {1}, 'when': datetime.date(2026, 1, 2)}}\nShown()",
    "bytes in metadata": "display('a', metadata={'x': b'1'})",
    "an object": "display({'text/plain': object()}, raw=True)",
    "an object as a result": "class Shown:\n    def _repr_mimebundle_(self, **_):\n"
    "        return {'application/json': object()}\nShown()",
    "an update": "from IPython.display import update_display\ndisplay('a', display_id='k')\nupdate_display({1, 2}, display_id='k')",
    "numbers of numpy": "import numpy as np\nnp.float64(3)",
}


def _shown(source: str, before: str) -> tuple[str, str]:
    ran = run_book(
        given("import os"), blank("early", "x = 1"), blank("before", before), blank("shows", source), blank("last", "y = 2")
    )
    assert states(ran)["blank-last"] == "ok"
    shows = cell(ran, "blank-shows")
    for output in shows.outputs:  # the traceback of a kernel's own code is longer
        output.pop("traceback", None)
        output.pop("execution_count", None)
    return shows.state, re.sub("0x[0-9a-f]+", "0x", json.dumps(shows.outputs, indent=1, sort_keys=True))


@pytest.mark.parametrize("what", SHOWS)
def test_what_a_copy_shows(what: str) -> None:
    expected = _shown(SHOWS[what], "pass")
    assert expected[1] != "[]"
    assert _shown(SHOWS[what], "os._exit(3)") == expected
