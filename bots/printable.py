"""Text as a terminal or a log may show it: what people send can hold escape sequences. Pure."""


def printable(text: str) -> str:
    """On one line, with nothing that a terminal obeys."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
