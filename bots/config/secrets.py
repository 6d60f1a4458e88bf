"""Where secrets come from: the environment or a file, never the configuration itself."""

import re
from collections.abc import Mapping
from pathlib import Path

from bots.config.expect import mismatch
from core.secret import Secret

FORMS = '"env:NAME" or "file:PATH"'
DIRECT = "direct"
NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


def secret(value: object, folder: Path, environ: Mapping[str, str]) -> Secret:
    """Follow "env:NAME" or "file:PATH" (from `folder`). "" is no secret. Raises Wrong."""
    if not isinstance(value, str):
        raise mismatch(FORMS, "something else", "Write it in quotes.")
    source, _, place = value.partition(":")
    match source:
        case "env":
            return from_environment(place, environ)
        case "file":
            return from_file(folder / Path(place).expanduser())
        case "" if not place:
            return Secret()
    remedy = "Put it into a file of its own, readable by you alone, and name that file here."
    raise mismatch(FORMS, "the secret itself (not shown)", remedy)


def address(value: object, folder: Path, environ: Mapping[str, str]) -> Secret:
    """An address that may hold a password: as it stands only where it holds none."""
    if isinstance(value, str) and "://" in value and "@" not in value:
        return Secret(value)
    return secret(value, folder, environ)


def proxy(value: object, folder: Path, environ: Mapping[str, str]) -> Secret:
    """An address, or "direct" for none in spite of [proxy]."""
    return Secret(DIRECT) if value == DIRECT else address(value, folder, environ)


def from_environment(name: str, environ: Mapping[str, str]) -> Secret:
    if not NAME.fullmatch(name):
        remedy = "A name has capital letters, digits and underscores, as in env:OPENAI_KEY."
        raise mismatch("the name of an environment variable after env:", "something else", remedy)
    if not environ.get(name):
        remedy = f"Set it before Parley starts: export {name}=…"
        raise mismatch(f"the environment variable {name}", "none of that name", remedy)
    return Secret(environ[name].strip())


def from_file(path: Path) -> Secret:
    try:
        content = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise mismatch(
            f"a readable file {path}", str(reason), "Write the secret into it."
        ) from error
    if not content:
        raise mismatch(f"a secret in {path}", "an empty file", "Write the secret into it.")
    return Secret(content)
