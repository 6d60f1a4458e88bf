"""The lines of an event stream, from bytes cut anywhere. Pure.

As the HTML standard says (html.spec.whatwg.org, 9.2.6, read 2026-11-21): a line
ends with LF, CR or both, and a byte order mark may come first.
"""

_BOM = b"\xef\xbb\xbf"


class EventLines:
    """At most `line_bytes` are held while a line is not at its end."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._tail = b""
        self._after_return = False
        self._begun = False
        self.overlong = False
        """A line was longer than `line_bytes`: what follows it is not given any more."""

    def split(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete, up to one that is too long."""
        if self._after_return or b"\r" in data:
            data = self._line_feeds(data)
        if self._tail:
            data = self._tail + data
        lines = data.split(b"\n")
        self._tail = lines.pop()
        if not self._begun and lines:
            self._begun = True
            lines[0] = lines[0].removeprefix(_BOM)
        if len(data) > self._line_bytes:
            return self._measured(lines)
        return lines

    def rest(self) -> bytes:
        """The last line, if nothing ended it."""
        tail, self._tail = self._tail, b""
        return tail if self._begun else tail.removeprefix(_BOM)

    def _line_feeds(self, data: bytes) -> bytes:
        """With one LF for each end of a line; a CR may have come before these bytes."""
        if self._after_return and data:
            data = data.removeprefix(b"\n")
            self._after_return = False
        if data.endswith(b"\r"):
            self._after_return = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _measured(self, lines: list[bytes]) -> list[bytes]:
        for place, line in enumerate((*lines, self._tail)):
            if len(line) > self._line_bytes:
                self.overlong = True
                return lines[:place]
        return lines
