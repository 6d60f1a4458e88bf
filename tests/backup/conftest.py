from pathlib import Path

import pytest

from tests.backup.stage import Installation, installation, lived_in


@pytest.fixture
async def old(tmp_path: Path) -> Installation:
    at = installation(tmp_path, "old")
    await lived_in(at)
    return at


@pytest.fixture
def new(tmp_path: Path) -> Installation:
    return installation(tmp_path, "new")
