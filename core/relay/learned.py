"""What a relay was seen to do, kept between runs as a partial profile of its own."""

import asyncio
import json
import logging
import os
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias, get_args

from core.ports.clock import Clock
from core.relay.dialect import AUDIO_SEEN, Call, Capabilities, Capability, Paths, Streaming

log = logging.getLogger(__name__)

BELIEVED = timedelta(days=7)
"""Relays change: what was seen longer ago is tried again."""

LOCK_S = 10.0

_HEAD = "# What this relay was seen to do, laid upon its profile for seven days. Safe to remove.\n"
_CAPABILITIES = get_args(Capability)
_CALLS = Capabilities.__struct_fields__
_PATHS = Paths.__struct_fields__

Told: TypeAlias = dict[str, Any]


class Learned:
    """The file at `path`, which another process may write too.

    What was seen at another address than `address` is not believed. A file that cannot be
    read or written is warned of and done without: no call fails for it.
    """

    def __init__(self, path: Path, clock: Clock, address: str = "") -> None:
        self._path = path
        self._clock = clock
        self._address = address

    def over(self) -> Told:
        """What is still believed, to be laid upon the profile: `load_dialect(…, over=…)`."""
        return self._believed(self._read())

    async def note_capability(self, call: Call | Streaming, capability: Capability) -> None:
        await self._note(lambda told: _set(told, "capabilities", call, capability), call)

    async def note_path(self, call: Call, path: str) -> None:
        """The path that served where the first one did not."""
        await self._note(lambda told: _set(told, "paths", call, path), f"path.{call}")

    async def note_refused_audio(self, ending: str) -> None:
        """`ending` as in `ogg`."""
        await self._note(lambda told: _add(told, ending), AUDIO_SEEN + ending)

    async def _note(self, change: Callable[[Told], bool], what: str) -> None:
        try:
            await asyncio.to_thread(self._write, change, what)
        except OSError as error:  # filelock's Timeout is one
            log.warning("%s: could not be written, and is done without: %s", self._path, error)

    def _write(self, change: Callable[[Told], bool], what: str) -> None:
        """Merged with what is there, by way of a temporary file; not at all for nothing new."""
        from filelock import FileLock  # noqa: PLC0415

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._path.with_name(f".{self._path.name}.lock"), timeout=LOCK_S):
            told = self._believed(self._read())
            if not change(told):
                return
            told["seen"][what] = self._clock.now()
            draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            draft.write_text(self._text(told), encoding="utf-8")
            draft.replace(self._path)

    # -- the file --------------------------------------------------------------

    def _read(self) -> Told:
        try:
            return tomllib.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            log.warning("%s: expected TOML, got %s. It is done without.", self._path, error)
            return {}

    def _believed(self, told: Told) -> Told:
        """Its parts of the right form that are not too old and not of another address."""
        if self._address and told.get("source", self._address) != self._address:
            told = {}
        seen = {what: at for what, at in _table(told, "seen").items() if _is_time(at)}
        written = self._written() if told else self._clock.now()
        since = self._clock.now() - BELIEVED

        def fresh(what: str) -> bool:
            at: datetime = seen.get(what, written)
            return at > since

        capabilities = {
            call: said
            for call, said in _table(told, "capabilities").items()
            if call in _CALLS and said in _CAPABILITIES and fresh(call)
        }
        paths = {
            call: path
            for call, path in _table(told, "paths").items()
            if call in _PATHS and isinstance(path, str) and fresh(f"path.{call}")
        }
        refused = [ending for ending in _texts(told) if fresh(AUDIO_SEEN + ending)]
        kept = {*capabilities, *(f"path.{call}" for call in paths)}
        kept |= {AUDIO_SEEN + ending for ending in refused}
        return {
            "capabilities": capabilities,
            "paths": paths,
            "audio_refused": refused,
            "seen": {what: seen.get(what, written) for what in sorted(kept)},
        }

    def _written(self) -> datetime:
        """When the file was: the time of what says none itself."""
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError:
            return self._clock.now()

    def _text(self, told: Told) -> str:
        head = [f"checked = {self._clock.now().date().isoformat()}"]
        if self._address:
            head.append(f"source = {_quoted(self._address)}")
        head.append(f"audio_refused = [{', '.join(map(_quoted, told['audio_refused']))}]")
        seen = {what: at.astimezone(UTC).isoformat() for what, at in told["seen"].items()}
        tables = [
            _section("capabilities", {n: _quoted(v) for n, v in told["capabilities"].items()}),
            _section("paths", {n: _quoted(v) for n, v in told["paths"].items()}),
            _section("seen", seen),
        ]
        return _HEAD + "\n".join(head) + "\n" + "".join(tables)


def _set(told: Told, table: str, name: str, value: str) -> bool:
    """Whether that is new."""
    new = told[table].get(name) != value
    told[table][name] = value
    return bool(new)


def _add(told: Told, ending: str) -> bool:
    if ending in told["audio_refused"]:
        return False
    told["audio_refused"].append(ending)
    return True


def _table(told: Told, name: str) -> Mapping[str, Any]:
    table = told.get(name)
    return table if isinstance(table, Mapping) else {}


def _texts(told: Told) -> list[str]:
    given = told.get("audio_refused")
    return [text for text in given if isinstance(text, str)] if isinstance(given, list) else []


def _is_time(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _section(name: str, entries: Mapping[str, str]) -> str:
    lines = [f"{_quoted(entry)} = {said}\n" for entry, said in entries.items()]
    return f"\n[{name}]\n" + "".join(lines) if lines else ""


def _quoted(text: str) -> str:
    """JSON's strings are TOML's too, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
