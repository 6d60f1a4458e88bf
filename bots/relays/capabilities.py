"""A profile's `[capabilities]` lines brought up to date; every other line stays as it is. Pure."""

import re
import tomllib
from collections.abc import Mapping

from core.errors import ConfigError
from core.relay.dialect import Capability

_HEADER = re.compile(r"\s*\[\s*capabilities\s*\]\s*(#.*)?$")
_ANY_HEADER = re.compile(r"\s*\[")
_LINE = re.compile(r"""(\s*)(["']?)([a-z_]+)\2(\s*=\s*)(["'])[a-z]+\5(.*)$""")


def with_capabilities(text: str, changes: Mapping[str, Capability], name: str) -> str:
    """The TOML text with `changes`, a line each. Raises ConfigError where it has another form."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = _changed(text.splitlines(), dict(changes))
    changed = end.join(lines) + end
    if not _says(changed, _wanted(text, changes)):
        told = ", ".join(f'{call} = "{said}"' for call, said in changes.items())
        raise ConfigError(
            f"{name}: expected a [capabilities] section with a line for each call, got another "
            f"form, which was left as it is. Write into it yourself: {told}"
        )
    return changed


def _changed(lines: list[str], changes: dict[str, Capability]) -> list[str]:
    start = next((n for n, line in enumerate(lines) if _HEADER.match(line)), None)
    if start is None:
        blank = [""] if lines and lines[-1].strip() else []
        return [*lines, *blank, "[capabilities]", *_new(changes)]
    stop = next(
        (n for n in range(start + 1, len(lines)) if _ANY_HEADER.match(lines[n])), len(lines)
    )
    section = [_line(line, changes) for line in lines[start:stop]]
    return [*lines[:start], *_with_new(section, changes), *lines[stop:]]


def _line(line: str, changes: dict[str, Capability]) -> str:
    """A line that says one of `changes` is rewritten, and it is taken out of them."""
    match = _LINE.match(line)
    if not match or match[3] not in changes:
        return line
    indent, quote, call, sign, _, rest = match.groups()
    return f'{indent}{quote}{call}{quote}{sign}"{changes.pop(call)}"{rest}'


def _with_new(section: list[str], changes: dict[str, Capability]) -> list[str]:
    """After the section's last setting, before what leads over to the next one."""
    last = max(n for n, line in enumerate(section) if line.split("#")[0].strip())
    return [*section[: last + 1], *_new(changes), *section[last + 1 :]]


def _new(changes: Mapping[str, Capability]) -> list[str]:
    return [f'{call} = "{said}"' for call, said in changes.items()]


def _wanted(text: str, changes: Mapping[str, Capability]) -> dict[str, object]:
    told = tomllib.loads(text)
    return {**told, "capabilities": {**told.get("capabilities", {}), **changes}}


def _says(text: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False
