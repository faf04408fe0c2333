"""What is known to fail today, and why. A case that does not fail any more is told by the suite (strict), and leaves this list."""

_WRECKED = "what a wrecked kernel costs a later cell is charged to that cell"
_NO_COPY = "a kernel that may fork no more is taken for our fault"
_SHOWN = "what a student's code says in a private check is shown word for word"
_FOLDER = "the copy that waits for private checks is lost when the notebook's folder cannot be put back"

KNOWN = {
    "locks-its-folder": _FOLDER,
    "many-files": _FOLDER,
    "leaves-links": _FOLDER,
    "closes-stdout": "a probe's pipe gets the number of a closed stream, which its copy then covers",
    "large-pictures": "a picture that is left out because it is too large is told of by its repr only",
    "no-ipython-methods": _WRECKED,
    "patches-grader": _WRECKED,
    "fork-bomb": _NO_COPY,
    "thread-bomb": _NO_COPY,
    "memory-in-copies": "memory is limited for one process, and which of a kernel's is killed when all is used is chance",
    "shuts-the-kernel-down": "a kernel that ends by itself in a check costs that check",
    "forges-messages": "a forged reply without a status stops the runner",
    "raises-the-stack": _SHOWN,
    "names-an-exception": _SHOWN,
    "returns-an-odd-kind": _SHOWN,
}
NOT_ALWAYS = {"memory-in-copies", "fork-bomb", "thread-bomb", "shuts-the-kernel-down"}
