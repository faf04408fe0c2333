"""What is known to fail today, and why. A case that does not fail any more is told by the suite (strict), and leaves this list."""

KNOWN = {
    "memory-in-copies": "memory is limited for one process, and which of a kernel's is killed when all is used is chance",
}
NOT_ALWAYS = {"memory-in-copies"}
