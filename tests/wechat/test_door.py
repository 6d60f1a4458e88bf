"""What is let in, over real sockets: WeChat's own pushes and nothing else."""

import time
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from adapters.wechat.settings import MenuItem, Settings, check
from adapters.wechat.signature import Forged, check_query, sign
from core.errors import ConfigError
from core.secret import Secret
from tests.wechat.stage import AES_KEY, APP_ID, CALLING, PLAIN, SAFE, TOKEN, VERIFIED, staged

TEXT = (
    "<xml><ToUserName>gh</ToUserName><FromUserName>oAnn</FromUserName><CreateTime>{at}</CreateTime>"
    "<MsgType>text</MsgType><Content>hello</Content><MsgId>{number}</MsgId></xml>"
)


def query(at: float | None = None, **changed: str) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    told = {"timestamp": timestamp, "nonce": "99"}
    return told | {"signature": sign(Secret(TOKEN), timestamp, "99")} | changed


def push(number: int = 1) -> str:
    return TEXT.format(at=int(time.time()), number=number)


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
async def http():
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


async def test_the_url_check_echoes_what_is_signed_and_nothing_else(stage, http):
    right = await http.get(stage.url, params=query(echostr="<b>5</b>"))
    assert right.text == "<b>5</b>"
    assert right.headers["content-type"].startswith("text/plain")
    wrong = await http.get(stage.url, params=query(echostr="5", nonce="98"))
    assert (wrong.status_code, wrong.text) == (403, "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("   ", 400),
        ("<xml>", 400),
        ("<html/>", 400),
        ('<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', 400),
        ("<xml>" * 5000, 400),
        ("x" * 70_000, 413),
    ],
    ids=["empty", "blank", "torn", "html", "entity", "deep", "large"],
)
async def test_what_cannot_be_read_is_the_senders_fault(stage, http, body, status):
    answer = await http.post(stage.url, params=query(), content=body)
    assert (answer.status_code, answer.content) == (status, b"")


async def test_json_is_answered_with_success_and_the_log_says_what_to_set(stage, http, caplog):
    answer = await http.post(stage.url, params=query(), content='{"MsgType": "text"}')
    assert answer.text == "success"
    assert stage.relays.questions == []
    assert "choose XML" in caplog.text


async def test_no_method_but_get_and_post(stage, http):
    assert (await http.put(stage.url, params=query(), content=push())).status_code == 405


async def test_an_old_address_admits_nothing(stage, http):
    answer = await http.post(stage.url, params=query(time.time() - 400), content=push())
    assert answer.status_code == 403
    assert stage.relays.questions == []


async def test_in_safe_mode_a_plain_push_is_refused(tmp_path, http):
    async with staged(tmp_path, SAFE, account={"mode": "safe", "aes_key": AES_KEY}) as stage:
        for encrypt_type in ("", "raw", "aes"):
            told = query(encrypt_type=encrypt_type, msg_signature="0" * 40)
            answer = await http.post(stage.url, params=told, content=push())
            assert answer.status_code == 403
        assert stage.relays.questions == []


async def test_an_encrypted_push_to_a_bot_without_a_key_is_refused(tmp_path):
    account = {"mode": "safe", "aes_key": AES_KEY}
    async with staged(tmp_path, account=account) as stage:
        said = await stage.push("hello")
        assert {(done.outcome, done.detail) for done in said.tries} == {("status", "403")}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(["signature", "timestamp", "nonce"]),
    value=st.one_of(st.none(), st.text(max_size=50), st.text("0123456789abcdef", max_size=40)),
)
def test_no_changed_query_is_admitted(name, value):
    told = query()
    if value == told[name]:
        return
    told.pop(name) if value is None else told.update({name: value})
    with pytest.raises(Forged):
        check_query(Secret(TOKEN), told, (time.time(),), 300.0)


def test_an_empty_token_admits_nothing():
    told = {"timestamp": "1", "nonce": "2", "signature": sign(Secret(), "1", "2")}
    with pytest.raises(Forged):
        check_query(Secret(), told, (1.0,), 300.0)


async def test_what_is_refused_is_told_without_what_it_says(stage, http, caplog):
    await http.post(stage.url, params=query(nonce="other"), content=push())
    assert "not taken" in caplog.text
    assert TOKEN not in caplog.text
    assert urlencode(query()) not in caplog.text


# -- settings ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (Settings(token=Secret()), "w.token"),
        (Settings(token=Secret("with-a-dash")), "w.token"),
        (structs.replace(SAFE, aes_key=Secret("short")), "w.aes_key"),
        (structs.replace(SAFE, previous_aes_key=Secret("short")), "w.previous_aes_key"),
        (structs.replace(SAFE, app_id=""), "w.mode"),
        (structs.replace(PLAIN, mode="safe"), "w.mode"),
        (structs.replace(CALLING, app_id=""), "w.app_id"),
        (structs.replace(VERIFIED, app_secret=Secret()), "w.customer_service"),
        (structs.replace(PLAIN, menu=(MenuItem(name="a", send="a"),)), "w.menu"),
        (structs.replace(PLAIN, more_words=()), "w.more_words"),
        (structs.replace(PLAIN, more_words=("x" * 30,)), "w.more_words"),
        (structs.replace(PLAIN, welcome="好" * 700), "w.welcome"),
    ],
)
def test_settings_that_cannot_work_are_named_and_their_secrets_not(wrong, named):
    with pytest.raises(ConfigError) as refused:
        check(wrong, "bots.w")
    assert named in str(refused.value)
    assert "short" not in str(refused.value)


@pytest.mark.parametrize("settings", [PLAIN, CALLING, VERIFIED, SAFE])
def test_settings_that_work_pass(settings):
    check(settings, "bots.w")


def test_the_mode_follows_the_key():
    assert PLAIN.way == "plain"
    assert SAFE.way == "safe"
    assert structs.replace(SAFE, mode="compatible").way == "compatible"
    assert SAFE.app_id == APP_ID
