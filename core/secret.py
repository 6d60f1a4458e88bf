"""The one type for secrets: it never prints."""

import hmac
import re
from collections.abc import Callable


class Secret:
    """A key or token. `reveal` gives the text; nothing else does.

    The text stands in no attribute, where inspectors and tracebacks with their locals
    would find it.
    """

    __slots__ = ("_read",)

    def __init__(self, value: str = "") -> None:
        self._read: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        return self._read()

    def matches(self, given: str) -> bool:
        """Constant-time comparison; an empty secret matches nothing."""
        return bool(self) and hmac.compare_digest(_bytes(self._read()), _bytes(given))

    def __bool__(self) -> bool:
        return bool(self._read())

    def __repr__(self) -> str:
        return "Secret(…)" if self else "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret cannot be pickled")


KEYLIKE = re.compile(r"(?i)\b(?:sk|fk)-\S+|[0-9A-Za-z_\-]{32,}")
"""How relays' keys look: a mark, or a long run of what no name has."""


def looks_secret(text: str) -> bool:
    """Whether a text that should be a name holds what may be a key."""
    return KEYLIKE.search(text) is not None


def _bytes(text: str) -> bytes:
    """Of any text: the error for half a pair of surrogates would quote it."""
    return text.encode(errors="surrogatepass")
