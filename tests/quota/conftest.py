"""A site that is left in order."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.core.house import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path)
    yield site
    await site.close()
