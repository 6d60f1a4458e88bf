"""The API, called by wechatpy's client and by hand."""

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from wechatpy.exceptions import WeChatClientException

from bots.sandbox.town.town import BOT
from bots.sandbox.wechat import acts
from bots.sandbox.wechat.faults import FailCall
from core.sound import to_amr, to_mp3
from tests.sandbox.wechat.bot import APP_ID, APP_SECRET, Client, account, call, served
from tests.sandbox.wechat.people import ANN, BEN, PNG, SPOKEN, says

NOBODY = "http://127.0.0.1:9/"
"""Where no bot listens: what people say gets no answer here, and need not."""
SECRETS = {"grant_type": "client_credential", "appid": APP_ID, "secret": APP_SECRET}
MENU = {
    "button": [
        {"type": "click", "name": "新对话", "key": "NEW"},
        {"name": "more", "sub_button": [{"type": "view", "name": "docs", "url": "https://a.b"}]},
    ]
}


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def add(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def wechat(clock):
    async with served(account(NOBODY, verified=True, now=clock)) as made:
        yield made


@pytest.fixture
async def http(wechat):
    url = f"{wechat.origin}/cgi-bin/"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as made:
        yield made


async def stable(http, **more):
    return (await http.post("stable_token", json={**SECRETS, **more})).json()


async def send(http, wechat, token=None, text="hi", to=ANN):
    token = token or wechat.tokens.stable()[0]
    body = {"touser": to, "msgtype": "text", "text": {"content": text}}
    url = f"message/custom/send?access_token={token}"
    return (await http.post(url, json=body)).json()


async def refused(function, *args, **named) -> int:
    with pytest.raises(WeChatClientException) as caught:
        await call(function, *args, **named)
    return int(caught.value.errcode)


# -- tokens --------------------------------------------------------------------


async def test_a_stable_token_stays_until_its_last_five_minutes_in_which_two_are_good(
    http, wechat, clock
):
    first = await stable(http)
    assert first["expires_in"] == 7200
    assert len(first["access_token"]) == 512
    clock.add(hours=1, minutes=54)
    again = await stable(http)
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 360)
    clock.add(minutes=1, seconds=30)
    second = await stable(http)
    assert second["access_token"] != first["access_token"]
    await wechat.speak(says("hi"))
    for token in (first, second):
        assert (await send(http, wechat, token["access_token"]))["errcode"] == 0
    clock.add(minutes=4, seconds=30)
    assert (await send(http, wechat, first["access_token"]))["errcode"] == 42001
    assert (await send(http, wechat, second["access_token"]))["errcode"] == 0


async def test_a_forced_refresh_voids_the_one_before_but_not_too_often(http, wechat, clock):
    first = await stable(http)
    second = await stable(http, force_refresh=True)
    assert second["access_token"] != first["access_token"]
    assert (await send(http, wechat, first["access_token"]))["errcode"] == 40001
    clock.add(seconds=29)
    assert (await stable(http, force_refresh=True))["access_token"] == second["access_token"]
    for _ in range(19):
        clock.add(seconds=31)
        assert "access_token" in await stable(http, force_refresh=True)
    clock.add(seconds=31)
    assert (await stable(http, force_refresh=True))["errcode"] == 45009
    clock.add(days=1)
    assert "access_token" in await stable(http, force_refresh=True)


async def test_the_old_tokens_are_new_each_time_and_nothing_to_the_stable_one(http, wechat, clock):
    kept = (await stable(http))["access_token"]
    first = (await http.get("token", params=SECRETS)).json()["access_token"]
    second = (await http.get("token", params=SECRETS)).json()["access_token"]
    await wechat.speak(says("hi"))
    for token in (kept, first, second):
        assert (await send(http, wechat, token))["errcode"] == 0
    clock.add(minutes=4, seconds=30)
    assert (await send(http, wechat, first))["errcode"] == 0
    clock.add(seconds=30)
    assert (await send(http, wechat, first))["errcode"] == 42001
    wechat.allowance(ANN).grant("message")
    assert (await send(http, wechat, kept))["errcode"] == 0


async def test_tokens_expired_or_revoked_on_request_say_so(http, wechat):
    token = wechat.tokens.stable()[0]
    wechat.tokens.expire()
    assert (await send(http, wechat, token))["errcode"] == 42001
    other = wechat.tokens.stable()[0]
    assert other != token
    wechat.tokens.revoke()
    assert (await send(http, wechat, other))["errcode"] == 40001


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": "wx0"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
async def test_a_token_needs_the_right_credentials(http, changed, errcode):
    for told in (
        await stable(http, **changed),
        (await http.get("token", params={**SECRETS, **changed})).json(),
    ):
        assert told["errcode"] == errcode
        assert " rid: " in told["errmsg"]


async def test_an_address_off_the_list_gets_no_token():
    allowed = frozenset({"203.0.113.7"})
    async with served(account(NOBODY, allowed_ips=allowed)) as wechat:
        url = f"{wechat.origin}/cgi-bin/stable_token"
        async with httpx.AsyncClient(trust_env=False) as http:
            told = (await http.post(url, json=SECRETS)).json()
    assert told["errcode"] == 40164
    assert "invalid ip 127.0.0.1" in told["errmsg"]


async def test_a_call_is_refused_for_what_is_wrong_with_it(http, wechat):
    token = {"access_token": wechat.tokens.stable()[0]}

    async def errcode(method, name, **named):
        return (await http.request(method, name, **named)).json()["errcode"]

    assert await errcode("GET", "stable_token") == 43002
    assert await errcode("POST", "menu/get", params=token) == 43001
    assert await errcode("GET", "menu/get") == 41001
    assert await errcode("GET", "menu/get", params={"access_token": "short"}) == 40014
    assert await errcode("GET", "no/such", params=token) == 40066
    assert await errcode("POST", "message/custom/send", params=token) == 44002
    assert await errcode("POST", "message/custom/send", params=token, content=b"{") == 47001


# -- customer service ----------------------------------------------------------


async def test_five_messages_may_follow_one_of_the_persons_and_no_more(wechat):
    client = Client(wechat)
    assert await refused(client.message.send_text, ANN, "uninvited") == 45015
    await wechat.speak(says("hi"))
    for number in range(5):
        await call(client.message.send_text, ANN, f"回 {number}")
    assert await refused(client.message.send_text, ANN, "too much") == 45047
    lines = wechat.town.lines(ANN, BOT)
    assert [line.text for line in lines] == [f"回 {number}" for number in range(5)]
    assert {line.status for line in lines} == {"customer service"}
    assert lines[0].raw["text"] == {"content": "回 0"}
    await wechat.speak(says("hi again"))
    await call(client.message.send_text, ANN, "welcome again")


async def test_two_days_later_the_window_is_closed(wechat, clock):
    await wechat.speak(says("hi"))
    clock.add(hours=48)
    assert await refused(Client(wechat).message.send_text, ANN, "late") == 45015


async def test_a_menu_click_grants_three_for_a_minute_and_no_two_days(wechat, clock):
    client = Client(wechat)
    await wechat.act(acts.Click(person=ANN, key="NEW"))
    for number in range(3):
        await call(client.message.send_text, ANN, str(number))
    assert await refused(client.message.send_text, ANN, "4") == 45047
    clock.add(minutes=1)
    assert await refused(client.message.send_text, ANN, "5") == 45015


async def test_who_unfollowed_is_not_reached(wechat):
    await wechat.speak(says("hi"))
    await wechat.act(acts.Unsubscribe(person=ANN))
    assert await refused(Client(wechat).message.send_text, ANN, "come back") == 45015
    assert (await call(Client(wechat).user.get, ANN))["subscribe"] == 0


async def test_what_cannot_be_sent_is_refused_and_counts_nothing(wechat):
    client = Client(wechat)
    await wechat.speak(says("hi"))
    assert await refused(client.message.send_text, "o" * 28, "who?") == 40003
    assert await refused(client.message.send_text, ANN, " ") == 44004
    assert await refused(client.message.send_text, ANN, "三" * 683) == 45002
    assert await refused(client.message.send_image, ANN, "none") == 40007
    assert await refused(client.message._send_custom_message, {"touser": ANN}) == 47001
    odd = {"touser": ANN, "msgtype": "hologram", "hologram": {}}
    assert await refused(client.message._send_custom_message, odd) == 40008
    assert wechat.allowance(ANN).left() == 5


async def test_files_go_up_and_out(wechat):
    client = Client(wechat)
    await wechat.speak(says("hi"))
    image = await call(client.media.upload, "image", ("a.png", io.BytesIO(PNG), "image/png"))
    assert (image["type"], image["created_at"]) == ("image", int(wechat.now().timestamp()))
    await call(client.message.send_image, ANN, image["media_id"])
    for encode in (to_amr, to_mp3):
        content = await call(encode, SPOKEN)
        voice = await call(client.media.upload, "voice", ("a", io.BytesIO(content)))
        await call(client.message.send_voice, ANN, voice["media_id"])
        assert wechat.town.file(wechat.town.lines(ANN, BOT)[-1].file) == content
    kinds = [line.kind for line in wechat.town.lines(ANN, BOT)]
    assert kinds == ["image", "voice", "voice"]
    assert await refused(client.message.send_voice, ANN, image["media_id"]) == 40007


async def test_a_file_is_gone_after_three_days(wechat, clock):
    client = Client(wechat)
    told = await call(client.media.upload, "image", ("a.png", io.BytesIO(PNG)))
    clock.add(days=3)
    assert await refused(client.media.download, told["media_id"]) == 40007


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("song", PNG, 40004),
        ("image", b"no picture", 40005),
        ("image", b"", 44001),
        ("image", PNG + b"x" * 2**21, 40009),
        ("voice", PNG, 40005),
        ("voice", b"#!AMR\n" + b"broken", 40005),
        ("voice", b"#!AMR\n" + b"\x04" + b"\x00" * 2**21, 40010),
        ("voice", b"#!AMR\n" + (b"\x04" + b"\x00" * 12) * 3100, 40010),
        ("thumb", b"\xff\xd8\xff" + b"x" * 2**16, 40012),
    ],
)
async def test_a_file_of_the_wrong_kind_size_or_length_is_refused(wechat, kind, content, errcode):
    upload = Client(wechat).media.upload
    assert await refused(upload, kind, ("a.bin", io.BytesIO(content))) == errcode


async def test_an_upload_without_its_file_is_refused(http, wechat):
    params = {"access_token": wechat.tokens.stable()[0], "type": "image"}
    for body in ({"files": {"other": b"x"}}, {"content": b"no form"}):
        told = (await http.post("media/upload", params=params, **body)).json()
        assert told["errcode"] == 41005


async def test_typing_is_shown_once_at_a_time_and_only_soon_after_a_message(http, wechat, clock):
    async def typing(command="Typing"):
        params = {"access_token": wechat.tokens.stable()[0]}
        body = {"touser": ANN, "command": command}
        return (await http.post("message/custom/typing", params=params, json=body)).json()[
            "errcode"
        ]

    assert await typing() == 45015
    await wechat.speak(says("hi"))
    assert [await typing(), await typing()] == [0, 45081]
    clock.add(seconds=15)
    assert await typing() == 0
    assert [await typing("CancelTyping"), await typing()] == [0, 0]
    await send(http, wechat)
    assert await typing() == 0
    clock.add(seconds=31)
    assert await typing() == 45080
    assert await typing("Dancing") == 45072


# -- menu, people, rights ------------------------------------------------------


async def test_a_menu_is_made_read_and_taken_away(wechat):
    client = Client(wechat)
    assert await call(client.menu.get) is None
    await call(client.menu.create, MENU)
    assert (await call(client.menu.get))["menu"]["button"][0]["name"] == "新对话"
    await call(client.menu.delete)
    assert await call(client.menu.get) is None


CLICK = {"type": "click", "name": "a", "key": "k"}


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([CLICK] * 4, 40016),
        ([{**CLICK, "name": "一二三四五六"}], 40018),
        ([{**CLICK, "type": "wish"}], 40017),
        ([{**CLICK, "key": "k" * 129}], 40019),
        ([{"type": "view", "name": "a", "url": "u" * 1025}], 40020),
        ([{"name": "a", "sub_button": [CLICK] * 6}], 40023),
        ([{"name": "a", "sub_button": [{**CLICK, "name": "x" * 61}]}], 40025),
        ([{"name": "a"}], 40017),
    ],
)
async def test_a_menu_that_breaks_a_limit_is_refused(wechat, buttons, errcode):
    assert await refused(Client(wechat).menu.create, {"button": buttons}) == errcode
    assert wechat.menu is None


async def test_who_follows_is_told_by_openid_only(wechat):
    told = await call(Client(wechat).user.get, BEN)
    assert (told["subscribe"], told["openid"]) == (1, BEN)
    assert "nickname" not in told


async def test_an_account_without_verification_may_upload_but_not_write_to_people():
    async with served(account(NOBODY)) as wechat:
        client = Client(wechat)
        await wechat.speak(says("hi"))
        assert await refused(client.message.send_text, ANN, "hi") == 48001
        assert await refused(client.menu.create, MENU) == 48001
        assert await refused(client.user.get, ANN) == 48001
        assert "media_id" in await call(client.media.upload, "image", ("a", io.BytesIO(PNG)))


# -- faults --------------------------------------------------------------------


async def test_a_call_fails_on_request_as_often_as_wanted(http, wechat):
    await wechat.speak(says("hi"))
    wechat.faults.add(FailCall(call="message/custom/send", errcode=45009, count=2))
    wechat.faults.add(FailCall(call="message/custom/send", errcode=-1, done=True))
    got = [(await send(http, wechat))["errcode"] for _ in range(4)]
    assert got == [45009, 45009, -1, 0]
    assert len(wechat.town.lines(ANN, BOT)) == 2
    assert [called.errcode for called in wechat.journal.calls("message/custom/send")] == got


async def test_the_daily_quota_ends(http, wechat, clock):
    async def deleted():
        params = {"access_token": wechat.tokens.stable()[0]}
        return (await http.get("menu/delete", params=params)).json()["errcode"]

    assert {await deleted() for _ in range(1000)} == {0}
    assert await deleted() == 45009
    clock.add(days=1)
    assert await deleted() == 0


async def test_no_secret_is_kept_in_the_journal(http, wechat):
    await stable(http)
    assert APP_SECRET not in str(wechat.journal.calls())
