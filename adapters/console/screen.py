"""An answer on a terminal: printed once, as it grows.

What was printed stays, so a draft shows only what further words will not
change: a heading, list item or line of code once its line has ended, a table
once it is whole, prose up to the first emphasis or link that is still open.
"""

import re
from collections.abc import Callable

CLOSED_PROSE = re.compile(
    r"""(?: [^*_`~\[\]<!&\\]        # nothing that Markdown could mean something by
        | \*\*[^*\n]+\*\*(?=[^*])
        | (?<!\*)\*[^*\s][^*\n]*\*(?=[^*])
        | `[^`\n]+`(?=[^`])
        | \[[^\[\]\n]+\]\([^()\s]*\)
    )*""",
    re.VERBOSE,
)
STRUCTURE = re.compile(r"[\s#>|+=~`*_-]|\d")
FENCE = re.compile(r"[ \t]*(?:```|~~~)")
DOTS, ERASE_LINE = "…", "\r\x1b[K"


def settled(text: str) -> str:
    """The beginning of an unfinished Markdown text that looks the same in the finished one.

    But for rare cases (a line of === below makes a heading): `Screen.finish`
    prints such a line again.
    """
    *lines, last = text.split("\n")
    while lines and lines[-1].lstrip().startswith("|"):
        lines.pop()
        last = ""
    in_code = sum(bool(FENCE.match(line)) for line in lines) % 2 == 1
    if in_code or STRUCTURE.match(last):
        last = ""
    prose = CLOSED_PROSE.match(last)
    return "\n".join([*lines, prose[0] if prose else ""])


class Screen:
    """Prints answers as they grow. Texts are as `core.render` made them for a terminal."""

    def __init__(self, put: Callable[[str], object]) -> None:
        self._put = put
        self._shown: dict[str, str] = {}
        """What is there of each unfinished part, by the message that it answers."""
        self._open: str | None = None
        """Whose line the cursor stands on; None at the beginning of a line."""
        self._dots = False

    def grow(self, answers: str, text: str) -> None:
        """Show `text`, the beginning of the answer to `answers`, beyond what is there."""
        shown = self._shown.get(answers, "")
        if text.startswith(shown) and text != shown:
            self._go_on(answers, text[len(shown) :])
            self._shown[answers] = text

    def finish(self, answers: str, text: str) -> None:
        """Show the rest of a part. Where it differs from what is there, from that line on."""
        shown = self._shown.pop(answers, "")
        if not text.startswith(shown):
            self._end_line()
            shown = text[: text.rfind("\n", 0, _same(shown, text)) + 1]
        if text != shown:
            self._go_on(answers, text[len(shown) :])
        self._end_line()

    def say(self, text: str) -> None:
        """A line of the console's own."""
        self._end_line()
        self._write(text + "\n")

    def dots(self) -> None:
        """An answer is coming. They vanish with whatever is shown next."""
        if self._open is None and not self._dots:
            self._write(DOTS)
            self._dots = True

    def _go_on(self, answers: str, text: str) -> None:
        if self._open != answers:
            self._end_line()
            text = text.lstrip("\n")
        self._write(text)
        self._open = answers

    def _end_line(self) -> None:
        if self._open is not None:
            self._write("\n")
        self._open = None

    def _write(self, text: str) -> None:
        if self._dots:
            self._dots = False
            text = ERASE_LINE + text
        self._put(text)


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
