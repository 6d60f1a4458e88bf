"""The sandbox's own calls: what a test in another process, or a page, can do."""

import httpx
import pytest

from tests.sandbox.wechat.bot import Bot, account, echo, meeting, nothing, served
from tests.sandbox.wechat.people import ANN, says


@pytest.fixture
async def wechat():
    async with meeting(Bot(nothing)) as made, served(made):
        yield made


@pytest.fixture
async def http(wechat):
    async with httpx.AsyncClient(base_url=wechat.origin, trust_env=False) as made:
        yield made


async def test_what_somebody_does_is_pushed_and_stands_in_the_journal(http, wechat):
    act = {"act": "click", "person": ANN, "key": "NEW"}
    line = (await http.post("/sandbox/acts", json=act)).json()
    await wechat.settled()
    told = (await http.get("/sandbox/journal")).json()
    assert [push["number"] for push in told["pushes"]] == [line["number"]]
    assert told["pushes"][0]["act"] == act
    assert told["pushes"][0]["tries"][0]["outcome"] == "empty"
    await http.delete("/sandbox/journal")
    assert (await http.get("/sandbox/journal")).json() == {"pushes": [], "calls": []}


async def test_what_cannot_be_done_is_told(http):
    nobody = await http.post("/sandbox/acts", json={"act": "click", "person": "x", "key": "k"})
    assert (nobody.status_code, "openid" in nobody.text) == (409, True)
    assert (await http.post("/sandbox/acts", json={"act": "fly"})).status_code == 400


async def test_faults_are_set_and_taken_away(http, wechat):
    fault = {"kind": "fail_call", "errcode": 45009, "call": "", "count": 1, "done": False}
    assert (await http.post("/sandbox/faults", json=fault)).status_code == 201
    assert (await http.get("/sandbox/faults")).json() == {"faults": [fault]}
    token = wechat.tokens.stable()[0]
    told = (await http.get("/cgi-bin/menu/get", params={"access_token": token})).json()
    assert told["errcode"] == 45009
    assert (await http.get("/sandbox/faults")).json() == {"faults": []}
    await http.post("/sandbox/faults", json={"kind": "lose_answer"})
    await http.delete("/sandbox/faults")
    assert not wechat.faults.all()
    assert (await http.post("/sandbox/faults", json={"kind": "flood"})).status_code == 400


async def test_tokens_expire_on_request(http, wechat):
    token = wechat.tokens.stable()[0]
    await http.post("/sandbox/tokens/expire", json={})
    told = (await http.get("/cgi-bin/menu/get", params={"access_token": token})).json()
    assert told["errcode"] == 42001


async def test_the_url_check_can_be_asked_for(http, wechat):
    assert (await http.post("/sandbox/check", json={})).json() == {"passed": True, "trouble": ""}
    wechat.postman.url += "-elsewhere"
    assert not (await http.post("/sandbox/check", json={})).json()["passed"]


@pytest.mark.parametrize("path", ["acts", "faults", "tokens/expire", "check"])
async def test_a_page_of_strangers_can_set_nothing(http, path):
    answer = await http.post(f"/sandbox/{path}", content=b'{"kind": "lose_answer"}')
    assert answer.status_code == 415
    named = {"host": "evil.example", "content-type": "application/json"}
    assert (await http.post(f"/sandbox/{path}", headers=named)).status_code == 400


async def test_a_journal_of_size_none_keeps_nothing_and_answers_are_shown_all_the_same():
    async with meeting(Bot(echo), journal_size=0) as wechat:
        line = await wechat.speak(says("hi"))
        await wechat.settled()
        assert len(wechat.town.lines()) == 2
        with pytest.raises(KeyError):
            await wechat.outcome(line)


def test_an_account_is_made_without_an_event_loop():
    assert account("").town.people
