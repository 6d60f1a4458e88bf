"""Small rules: what may be sent, how tokens are asked for, what a hint measures, menus."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from msgspec import structs

from adapters.wechat.allowance import Allowances
from adapters.wechat.api import Lost, _not_lost
from adapters.wechat.format import HINT_BYTES, REPLY_BYTES, Words
from adapters.wechat.menu import format_menu
from adapters.wechat.settings import WORD_BYTES, MenuItem, Settings
from adapters.wechat.token import TokenBook
from adapters.wechat.wording import Beside, Wording
from bots.texts.catalogue import Catalogue
from core.errors import ConfigError
from core.secret import Secret

# -- allowances ----------------------------------------------------------------


def taken(allowances, now, times=10):
    return sum(allowances.take("o", now) for _ in range(times))


def test_a_message_allows_five_within_two_days():
    allowances = Allowances()
    allowances.grant("o", 0.0, by_event=False)
    assert taken(allowances, 48 * 3600 - 1) == 5
    assert allowances.left("o", 48 * 3600 - 1) == 0


def test_after_two_days_nothing_is_allowed():
    allowances = Allowances()
    allowances.grant("o", 0.0, by_event=False)
    assert taken(allowances, 48 * 3600.0) == 0


def test_a_menu_button_allows_three_within_a_minute_beside_what_is_left():
    allowances = Allowances()
    allowances.grant("o", 0.0, by_event=False)
    taken(allowances, 1.0, times=4)
    allowances.grant("o", 2.0, by_event=True)
    assert allowances.left("o", 3.0) == 4
    assert allowances.left("o", 63.0) == 1


def test_messages_do_not_add_up():
    allowances = Allowances()
    for now in range(5):
        allowances.grant("o", float(now), by_event=False)
    assert taken(allowances, 5.0) == 5


def test_what_wechat_says_is_spent_is_spent():
    allowances = Allowances()
    allowances.grant("o", 0.0, by_event=False)
    allowances.spent("o")
    assert taken(allowances, 1.0) == 0


# -- tokens --------------------------------------------------------------------


class Memory:
    def __init__(self):
        self.kept = {}

    async def recall(self, name):
        return self.kept.get(name, "")

    async def keep(self, name, value):
        self.kept[name] = value


class Hands:
    """A clock that stands where it is put."""

    def __init__(self):
        self.at = 0.0

    def now(self):
        return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self):
        return self.at


class Issuer:
    """stable_token: the same one until it is forced, or near its end."""

    def __init__(self, clock):
        self.asked = []
        self.number = 1
        self._clock = clock

    async def __call__(self, force):
        self.asked.append(force)
        await asyncio.sleep(0)
        self.number += force
        return {"access_token": f"t{self.number}", "expires_in": 7200}


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def issuer(clock):
    return Issuer(clock)


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def book(clock, issuer, memory):
    return TokenBook("wx1", Secret("s"), memory, clock, fetch=issuer)


async def test_many_who_need_a_token_ask_for_it_once(book, issuer):
    assert set(await asyncio.gather(*(book.token() for _ in range(20)))) == {"t1"}
    assert issuer.asked == [False]


async def test_a_token_is_renewed_five_minutes_early(book, clock, issuer):
    await book.token()
    clock.at = 6899.0
    await book.token()
    assert issuer.asked == [False]
    clock.at = 6901.0
    await book.token()
    assert issuer.asked == [False, False]


async def test_a_kept_token_is_taken_at_the_next_start_by_the_same_account_alone(
    book, clock, issuer, memory
):
    await book.token()
    again = TokenBook("wx1", Secret("s"), memory, clock, fetch=issuer)
    assert await again.token() == "t1"
    assert issuer.asked == [False]
    other = TokenBook("wx2", Secret("s"), memory, clock, fetch=issuer)
    await other.token()
    assert issuer.asked == [False, False]


async def test_a_refused_token_is_asked_for_anew_and_forced_only_where_that_does_not_help(
    book, clock, issuer
):
    refused = await book.token()
    clock.at = 100.0
    renewed = await asyncio.gather(*(book.renewed(refused) for _ in range(5)))
    assert set(renewed) == {"t2"}
    assert issuer.asked == [False, False, True]


async def test_two_forced_tokens_are_half_a_minute_apart(book, clock, issuer):
    refused = await book.token()
    clock.at = 100.0
    second = await book.renewed(refused)
    clock.at = 120.0
    await book.renewed(second)
    assert issuer.asked.count(True) == 1
    clock.at = 131.0
    await book.renewed(second)
    assert issuer.asked.count(True) == 2


# -- wording -------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_text_at_the_limit_with_its_hints_is_within_what_wechat_takes(language):
    words = ("w" * WORD_BYTES, "文" * (WORD_BYTES // 3))
    settings = Settings(token=Secret("abc"), more_words=words)
    wording = Wording(settings=settings, texts=Catalogue(), language=language)
    text = Words(text="x" * (REPLY_BYTES - HINT_BYTES))
    for index, beside in ((0, Beside.NOTHING), *((98, beside) for beside in Beside)):
        dressed = wording.dressed(text, index, 99, beside, repeated=True)
        assert len(dressed.text.encode()) <= REPLY_BYTES


@pytest.mark.parametrize("said", ["继续", " 继续。", "Continue", "MORE!", "“继续”"])
def test_the_words_for_more_are_known_however_they_are_written(said):
    wording = Wording(settings=Settings(token=Secret("abc")), texts=Catalogue(), language="en")
    assert wording.asks_for_more(said)
    assert not wording.asks_for_more(f"{said} about tea")


# -- menus ---------------------------------------------------------------------

SEND = MenuItem(name="帮助", send="/帮助")


def test_a_menu_has_buttons_of_three_kinds():
    items = (SEND, MenuItem(name="web", url="https://x.org"), MenuItem(name="m", items=(SEND,)))
    assert format_menu(items, "menu") == {
        "button": [
            {"type": "click", "name": "帮助", "key": "/帮助"},
            {"type": "view", "name": "web", "url": "https://x.org"},
            {"name": "m", "sub_button": [{"type": "click", "name": "帮助", "key": "/帮助"}]},
        ]
    }


@pytest.mark.parametrize(
    "items",
    [
        (SEND,) * 4,
        (structs.replace(SEND, name=""),),
        (structs.replace(SEND, name="一个很长的名字"),),
        (structs.replace(SEND, url="https://x.org"),),
        (MenuItem(name="nothing"),),
        (structs.replace(SEND, send="x" * 129),),
        (MenuItem(name="m", items=(SEND,) * 6),),
        (MenuItem(name="m", items=(MenuItem(name="n", items=(SEND,)),)),),
    ],
)
def test_a_menu_that_wechat_would_not_take_is_refused(items):
    with pytest.raises(ConfigError, match=r"bots\.w\.menu: expected"):
        format_menu(items, "bots.w.menu")


def test_a_gateways_answer_leaves_open_whether_wechat_took_the_call():
    with pytest.raises(Lost):
        _not_lost("message/custom/send", httpx.Response(502))
    taken = httpx.Response(200)
    assert _not_lost("message/custom/send", taken) is taken
