"""Looking at a page as a browser would: what in it would run, load, or send."""

from __future__ import annotations

from html.parser import HTMLParser

LARGEST = 12_000_000  # characters: a page is something to mail
_FORBIDDEN = {"script", "iframe", "object", "embed", "form", "base", "link", "svg", "math", "applet", "frame", "foreignobject"}
_ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "srcset", "poster", "background"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harm: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FORBIDDEN:
            self.harm.append(f"<{tag}>")
        facts = {name: (value or "").strip().lower() for name, value in attrs}
        if tag == "meta" and "http-equiv" in facts and facts["http-equiv"] not in ("content-security-policy", "content-type"):
            self.harm.append("<meta http-equiv>")
        for name, value in facts.items():
            if name.startswith("on"):
                self.harm.append(f"<{tag} {name}>")
            if name in _ADDRESSES and not value.startswith(("data:image/", "#")) and not _stays_here(value):
                self.harm.append(f"<{tag} {name}={value[:40]}>")
            if name in ("colspan", "rowspan") and len(value) > 4:
                self.harm.append(f"<{tag} {name}={value}>")

    handle_startendtag = handle_starttag


def _stays_here(address: str) -> bool:
    """A plain file name beside the page."""
    return ":" not in address and not address.startswith(("/", "\\"))


def harm_in(page: str) -> list[str]:
    """What in the page would run, load from elsewhere, send, or make it too large; nothing when it is harmless."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [*reader.harm, *([f"{len(page):,} characters"] if len(page) > LARGEST else [])]
