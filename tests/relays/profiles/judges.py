"""The sandbox as each profile's relay, which judges what the profile sends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bots.sandbox.dialects.dialect import Dialect, dialect_named
from bots.sandbox.progress import Pace
from tests.relays.profiles.documents import documents
from tests.sandbox.server import Sandbox, sandbox

AT_A_LOOK = Pace(step_s=3_600, polls=1)
"""Jobs go on by being asked about, whatever the clock says."""


def judge_of(profile: str) -> Dialect | None:
    """None for OpenAI's own way."""
    name = documents(profile).judge
    return dialect_named(name) if name else None


@contextmanager
def judges() -> Iterator["Judges"]:
    with ExitStack() as stack:
        yield Judges(stack)


class Judges:
    """A judge stands from the first test that needs it to the last test of all."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._standing: dict[str, Sandbox] = {}

    def of(self, profile: str) -> Sandbox:
        """With an empty journal."""
        if profile not in self._standing:
            made = sandbox(dialect=judge_of(profile), jobs=AT_A_LOOK)
            self._standing[profile] = self._stack.enter_context(made)
        standing = self._standing[profile]
        standing.fresh()
        return standing
