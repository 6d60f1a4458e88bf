"""Whether a relay serves jobs of a kind, by its profile."""

from collections.abc import Mapping, Sequence

from core.errors import RelayTooLarge, RelayUnsupported
from core.model import Limit
from core.relay.dialect import Call, Dialect
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect, profile_names
from core.relay_job import JobKind

NEEDS: Mapping[JobKind, Sequence[Call]] = {
    "batch": ("file_upload", "batch_create", "batch_status", "file_content"),
    "fine_tune": ("file_upload", "fine_tune_create"),
}
"""A fine-tuning job can do without being asked how far it is."""


def check_served(entry: RelayEntry, dialect: Dialect, kind: JobKind) -> None:
    """Raises RelayUnsupported, naming the profiles that serve it."""
    for call in NEEDS[kind]:
        if dialect.serves(call):
            continue
        said = {"no": "not served", "off": "documented, but not available now"}
        raise RelayUnsupported(
            f'relay "{entry.name}": profile {entry.profile} says that {call} is '
            f"{said[dialect.capability(call)]}. {_remedy(entry, dialect, kind)}",
            call=call,
        )


def _remedy(entry: RelayEntry, dialect: Dialect, kind: JobKind) -> str:
    serving = {
        name: other
        for name in profile_names()
        if name != "sandbox" and _serves(other := load_dialect(name), kind)
    }
    for name, other in serving.items():
        if other.base_url == dialect.base_url:
            return (
                "Where your account has it all the same, set "
                f'relays.{entry.name}.profile = "{name}".'
            )
    return f"Choose a relay with another profile: {', '.join(serving)}."


def _serves(dialect: Dialect, kind: JobKind) -> bool:
    return all(dialect.capability(call) == "yes" for call in NEEDS[kind])


def file_limit(dialect: Dialect, kind: JobKind) -> Limit:
    """Bytes of a file that is uploaded for a job."""
    limits = dialect.limits
    bounds: list[Limit] = [limits.file_bytes]
    if kind == "batch":
        bounds.append(limits.batch_bytes)
    return min((bound for bound in bounds if bound != "unlimited"), default="unlimited")


def check_size(what: str, got: int, limit: Limit, remedy: str) -> None:
    """Raises RelayTooLarge with limit, value and remedy."""
    if limit != "unlimited" and got > limit:
        raise RelayTooLarge(
            f"{what}: expected at most {limit}, got {got}. {remedy}", got=got, limit=limit
        )
