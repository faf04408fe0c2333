"""Draw the pictures of the assignments: `picture_NAME()` of reference/SLUG.py becomes assignments/SLUG/data/NAME.png.

python docs/make_pictures.py [SLUG ...]
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

PREFIX = "picture_"


def draw(slug: str) -> None:
    """Every picture of one assignment, with the reference's own functions, on one thread."""
    import matplotlib.pyplot as plt
    import torch

    torch.set_num_threads(1)
    reference = importlib.import_module(f"reference.{slug}")
    for name in sorted(name for name in vars(reference) if name.startswith(PREFIX)):
        path = ROOT / "assignments" / slug / "data" / f"{name.removeprefix(PREFIX)}.png"
        path.parent.mkdir(exist_ok=True)
        with plt.rc_context({"font.size": 10}):
            figure = getattr(reference, name)()
            # No date and no version in the file: the same picture is the same bytes.
            figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
        plt.close("all")
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    for slug in sys.argv[1:] or sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.toml")):
        draw(slug)
