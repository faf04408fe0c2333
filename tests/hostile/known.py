"""What is known to fail today, and why. A case that does not fail any more is told by the suite (strict), and leaves this list."""

KNOWN: dict[str, str] = {}
NOT_ALWAYS: set[str] = set()
