"""One line of what `parley check` says."""

import os
import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

COLOURS = {"ok": "\x1b[32m", "note": "\x1b[33m", "WRONG": "\x1b[31m"}


class Finding(NamedTuple):
    """One line of the table. Only WRONG makes the check fail."""

    state: Literal["ok", "note", "WRONG"]
    about: str
    words: str


def tell(findings: Sequence[Finding]) -> int:
    colours = COLOURS if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else {}
    width = max(len(finding.about) for finding in findings)
    for state, about, words in findings:
        colour, plain = (colours[state], "\x1b[0m") if colours else ("", "")
        sys.stdout.write(f"{colour}{state:<5}{plain}  {about:<{width}}  {words}\n")
    return 1 if any(finding.state == "WRONG" for finding in findings) else 0
