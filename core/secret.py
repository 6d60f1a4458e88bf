"""The one type for secrets: it never prints."""

import hmac


class Secret:
    """A key or token. `reveal` gives the text; nothing else does."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def matches(self, given: str) -> bool:
        """Constant-time comparison; an empty secret matches nothing."""
        return bool(self._value) and hmac.compare_digest(self._value.encode(), given.encode())

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)" if self._value else "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret cannot be pickled")
