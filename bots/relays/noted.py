"""What a trial found, written where the relay's profile is kept."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bots.config import Config
from bots.relays.capabilities import with_capabilities
from bots.relays.opened import learned, learned_path
from bots.relays.outcome import Outcome
from core.errors import ConfigError
from core.relay.dialect import Capability
from core.relay.entry import RelayEntry


def note(config: Config, entry: RelayEntry, outcomes: Sequence[Outcome], *, keep: bool) -> None:
    """Say what changed, and unless `keep` write it: into the user's own profile, or beside
    the data, upon one that comes with Parley. Raises ConfigError."""
    changes = changed(outcomes)
    if not changes:
        sys.stdout.write("The profile says the same: nothing to note.\n")
        return
    before = {outcome.call: outcome.profile for outcome in outcomes}
    lines = [f'{call} = "{said}" # was "{before[call]}"' for call, said in changes.items()]
    place = place_of(config, entry)
    if not keep:
        write(place, changes)
        unlearn(learned_path(config, entry.name), place, changes)
    did = "Not written, for --keep. It would be" if keep else "Written"
    sys.stdout.write(f"{did} into {place}:\n" + "\n".join(("[capabilities]", *lines)) + "\n")


def changed(outcomes: Sequence[Outcome]) -> Mapping[str, Capability]:
    """What is off stays so while it is not served: that is what its page says too."""
    return {
        one.call: one.verdict
        for one in outcomes
        if one.verdict not in (None, one.profile) and (one.profile, one.verdict) != ("off", "no")
    }


def place_of(config: Config, entry: RelayEntry) -> Path:
    if entry.profile.endswith(".toml"):
        return Path(entry.profile)
    return learned_path(config, entry.name)


def unlearn(overlay: Path, place: Path, changes: Mapping[str, Capability]) -> None:
    """What was learned earlier lies upon the profile, and must not say otherwise."""
    if place == overlay:
        return
    old = learned(overlay).get("capabilities", {})
    if stale := {call: said for call, said in changes.items() if call in old}:
        write(overlay, stale)


def write(place: Path, changes: Mapping[str, Capability]) -> None:
    """The whole file or nothing."""
    place = place.resolve()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = place.read_bytes().decode("utf-8") if place.exists() else ""
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o600
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        draft.write_bytes(with_capabilities(text, changes, place.name).encode())
        draft.chmod(mode)
        draft.replace(place)
    except OSError as error:
        raise ConfigError(
            f"{place}: expected a file to write, got: {error.strerror}. "
            "Give this user the right to, or use --keep."
        ) from error
