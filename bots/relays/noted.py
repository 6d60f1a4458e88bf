"""What a trial found, written where the relay's profile is kept."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bots.config import Config
from bots.loop import run_async
from bots.relays.capabilities import with_capabilities
from bots.relays.opened import learned_of, learned_path
from bots.relays.outcome import Outcome, Tried
from core.errors import ConfigError
from core.relay.dialect import Capability
from core.relay.entry import RelayEntry
from core.relay.learned import Learned


def note(config: Config, entry: RelayEntry, outcomes: Sequence[Outcome], *, keep: bool) -> None:
    """Say what changed, and unless `keep` write it: into the user's own profile, or beside
    the data, upon one that comes with Parley. Raises ConfigError."""
    changes = changed(outcomes)
    if not changes:
        same = any(outcome.verdict for outcome in outcomes)
        words = "The profile says the same" if same else "Nothing was learned"
        sys.stdout.write(f"{words}: nothing to note.\n")
        return
    before = {outcome.call: outcome.profile for outcome in outcomes}
    lines = [f'{call} = "{said}" # was "{before[call]}"' for call, said in changes.items()]
    own = entry.profile.endswith(".toml")
    place = Path(entry.profile) if own else learned_path(config, entry.name)
    if not keep and own:
        write(place, changes)
    if not keep:
        run_async(learn(learned_of(config, entry), changes, upon_own=own))
    did = "Not written, for --keep. It would be" if keep else "Written"
    sys.stdout.write(f"{did} into {place}:\n" + "\n".join(("[capabilities]", *lines)) + "\n")


def changed(outcomes: Sequence[Outcome]) -> Mapping[Tried, Capability]:
    """What is off stays so while it is not served: that is what its page says too."""
    return {
        one.call: one.verdict
        for one in outcomes
        if one.verdict not in (None, one.profile) and (one.profile, one.verdict) != ("off", "no")
    }


async def learn(learned: Learned, changes: Mapping[Tried, Capability], *, upon_own: bool) -> None:
    """Lay them upon a profile that comes with Parley. Upon one's own, which says the same by
    now, what was learned earlier must not say otherwise."""
    old = learned.over()["capabilities"]
    for call, said in changes.items():
        if not upon_own or call in old:
            await learned.note_capability(call, said)


def write(place: Path, changes: Mapping[Tried, Capability]) -> None:
    """The whole file or nothing."""
    place = place.resolve()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = place.read_bytes().decode("utf-8") if place.exists() else ""
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o600
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        said = {str(call): capability for call, capability in changes.items()}
        draft.write_bytes(with_capabilities(text, said, place.name).encode())
        draft.chmod(mode)
        draft.replace(place)
    except OSError as error:
        raise ConfigError(
            f"{place}: expected a file to write, got: {error.strerror}. "
            "Give this user the right to, or use --keep."
        ) from error
