"""Whatever a bot has in its history, what is sent of it is taken by each relay's judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RelayTooLarge
from core.relay.encode import Encoder
from core.relay.profile import load_dialect
from tests.relays.profiles.documents import PROFILES
from tests.relays.profiles.judges import judge_of
from tests.relays.profiles.talks import PAIRS, TEXTS, judged, talk

JUDGED = [profile for profile in PROFILES if judge_of(profile) is not None]


@pytest.mark.parametrize("profile", JUDGED)
@given(
    persona=st.one_of(st.just(""), TEXTS),
    pairs=PAIRS,
    question=TEXTS,
    temperature=st.one_of(st.none(), st.floats(0, 2)),
)
def test_any_talk_of_a_bot_is_taken(
    profile: str,
    persona: str,
    pairs: list[tuple[str, str]],
    question: str,
    temperature: float | None,
) -> None:
    judge, dialect = judge_of(profile), load_dialect(profile)
    assert judge is not None
    request = talk(persona, pairs, question, temperature)
    limit = dialect.limits.history_chars
    if limit != "unlimited" and len(persona) + len(question) > limit:
        with pytest.raises(RelayTooLarge):
            Encoder(dialect, "main").encode(request)
        return
    sent = judged(Encoder(dialect, "main").encode(request).body, judge)
    assert sent[-1]["content"].endswith(question)
