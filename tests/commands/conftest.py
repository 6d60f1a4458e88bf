"""Somebody to talk with the bot."""

import pytest

from core.people import PeopleRules
from tests.commands.talk import Talk


@pytest.fixture
def talk() -> Talk:
    """A member on the local page, one to one."""
    return Talk()


@pytest.fixture
def owner() -> Talk:
    return Talk(rules=PeopleRules(owners=frozenset({"web:amy"})))
