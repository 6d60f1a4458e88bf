from collections.abc import Iterator

import pytest

from tests.relays.profiles.judges import Judges, judges


@pytest.fixture(scope="session")
def judge() -> Iterator[Judges]:
    with judges() as made:
        yield made
