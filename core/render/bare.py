"""Text that has no markup, known without a parser."""

import re

BARE = re.compile(
    r"""(?:[^\s\d+=\-*_`~\[\]<>&\\#|$\x00-\x1f\x7f-\x9f\ud800-\udfff]
           [^*_`~\[\]<>&\\#|$\x00-\x1f\x7f-\x9f\ud800-\udfff]*+(?<!\s)
           (?:\n{1,2}(?!\n)|\Z))++""",
    re.VERBOSE,
)
"""Lines that begin with a letter or the like, end with no space, and hold no sign that
Markdown knows; at most one blank line between two."""


def is_bare(text: str) -> bool:
    """Whether every way of showing `text` shows it as it stands."""
    return BARE.fullmatch(text) is not None and not text.endswith("\n")
