"""The layers of DESIGN: imports go down only, and no cycles."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "grader"

LAYERS: dict[str, int] = {
    "errors": 0, "values": 0, "living": 0,
    "notebook": 1, "rawnotebook": 1, "reference": 1, "settings": 1, "result": 1, "judging": 1, "sourcecode": 1,
    "dependence": 2, "checks": 2, "slots": 2, "template": 2, "gradebook": 2,
    "assignment": 3, "submission": 3, "recognise": 3, "answers": 3, "roster": 3, "key": 3,
    "isolation": 1, "warm": 3, "run": 4, "compare": 4, "report": 4,
    "grade": 5, "muted": 5, "carry": 5, "untrained": 5, "keycache": 5, "keying": 5, "build": 5, "verify": 5, "calibrate": 5, "batch": 5, "selfcheck": 5, "follows": 5, "demo": 5, "doctor": 5, "scaffold": 5,
    "cli": 6, "start": 6, "__main__": 6,
}  # fmt: skip
FACES = {"author"}  # only hands names on
STRANGERS = [{"run", "compare"}, {"run", "report"}, {"compare", "report"}]  # do not know each other


def part_of(module: str) -> str:
    """`grader.run.pool` -> `run`; the package itself -> ""."""
    return module.split(".")[1] if "." in module else ""


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, names: set[str]) -> set[str]:
    """The modules of grader that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "grader"}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "grader":
            assert node.level == 0
            found |= {f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in names else node.module for a in node.names}
    return found


def edges() -> list[tuple[str, str]]:
    known = modules()
    found = [(module, target) for module, path in known.items() for target in imports(path, set(known)) if target != module]
    return sorted(found)  # the same order in every worker


def test_every_module_has_a_layer() -> None:
    assert {part_of(module) for module in modules()} - {""} - FACES <= LAYERS.keys()


@pytest.mark.parametrize(("module", "target"), edges(), ids=lambda name: name.removeprefix("grader."))
def test_imports_go_down(module: str, target: str) -> None:
    above, below = part_of(module), part_of(target)
    if above == below or above in FACES or "" in (above, below):
        return
    assert LAYERS[below] <= LAYERS[above], f"{module} must not import {target}"
    assert {above, below} not in STRANGERS, f"{module} and {target} must not know each other"


def test_no_cycles() -> None:
    graph: dict[str, set[str]] = {}
    for module, target in edges():
        above, below = part_of(module), part_of(target)
        if above and below and above != below:
            graph.setdefault(above, set()).add(below)
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_author_is_a_face() -> None:
    tree = ast.parse((PACKAGE / "author.py").read_text(encoding="utf-8"))
    assert all(isinstance(node, (ast.ImportFrom, ast.Assign, ast.Expr)) for node in tree.body)


def test_only_their_modules_know_nbclient_and_nbformat() -> None:
    for module, path in modules().items():
        text = path.read_text(encoding="utf-8")
        owners = {"nbclient": {"run"}, "jupyter_client": {"run", "warm"}, "nbformat": {"notebook"}}  # warm: its provisioner
        for library, owner in owners.items():
            knows = any(line.strip().startswith((f"import {library}", f"from {library}")) for line in text.splitlines())
            assert not knows or part_of(module) in owner, f"{module} imports {library}"


def test_no_pickle() -> None:
    for module, path in modules().items():
        names = {
            a.name for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Import) for a in n.names
        }
        assert not names & {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}, module
