"""The control pages of the simulated account."""

from contextlib import asynccontextmanager

import httpx
import pytest

from bots.sandbox.onebot.serve import serving
from tests.sandbox.onebot.raw_bot import pair, text


@asynccontextmanager
async def controlled(**fields):
    async with pair(**fields) as (bot, onebot), serving(onebot) as listener:
        base = f"http://127.0.0.1:{listener.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            yield bot, onebot, http


async def act(http, **fields):
    answer = await http.post("/sandbox/acts", json=fields)
    assert answer.status_code == 204, answer.text


async def test_the_account_and_its_frames_are_shown():
    async with controlled() as (bot, _, http):
        await bot.data("send_private_msg", user_id=10001, message=text("hello"))
        account = (await http.get("/sandbox/account")).json()
        assert account["connected"]
        assert account["flavour"] == "napcat"
        frames = (await http.get("/sandbox/journal?what=from_bot")).json()["frames"]
        assert "send_private_msg" in frames[-1]["content"]
        await http.delete("/sandbox/journal")
        assert (await http.get("/sandbox/journal")).json() == {"frames": []}


async def test_faults_are_set_held_and_taken_away():
    async with controlled() as (bot, _, http):
        set_up = await http.post("/sandbox/faults", json={"kind": "stall", "call": "get_status"})
        echo = await bot.send("get_status")
        await http.post(f"/sandbox/faults/{set_up.json()['number']}/release")
        await bot.answer(echo)
        await http.post("/sandbox/faults", json={"kind": "timeout", "count": "unlimited"})
        assert (await bot.call("get_status"))["retcode"] == 1200
        assert len((await http.get("/sandbox/faults")).json()["faults"]) == 2
        await http.delete("/sandbox/faults")
        assert (await bot.call("get_status"))["retcode"] == 0


async def test_things_happen_on_request():
    async with controlled() as (bot, onebot, http):
        await act(http, do="flood", place="700001", person="10001", count=3)
        assert (await bot.event("message", 3))["raw_message"] == "message 3"
        await act(http, do="repeat", count=1)
        assert (await bot.event("message", 4))["raw_message"] == "message 3"
        segments = [{"type": "dice", "data": {"result": "6"}}]
        await act(http, do="say", place="10001", person="10001", segments=segments)
        assert (await bot.event("message", 5))["message"] == segments
        await act(http, do="mute", group="700001", seconds=60)
        assert (await bot.event("notice"))["notice_type"] == "group_ban"
        await act(http, do="poke", place="10001", person="10001")
        await act(http, do="recall", line=1)
        await act(http, do="join", group="700001", person="10003")
        assert (await bot.event("notice", 4))["notice_type"] == "group_increase"
        await act(http, do="ask_friend", person="10004", comment="hi")
        await act(http, do="invite", group="700002", person="10001")
        assert (await bot.event("request", 2))["sub_type"] == "invite"
        await act(http, do="set", online=False, text_chars=5)
        assert onebot.standing.text_chars == 5
        await act(http, do="tell", frame='{"post_type": "prophecy"}')
        await bot.event("prophecy")
        await act(http, do="expire")


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_links_break_on_request(how):
    async with controlled() as (bot, onebot, http):
        await act(http, do="connection", how="freeze")
        await act(http, do="connection", how="thaw")
        await act(http, do="connection", how="renew")
        await bot.until(lambda: len(bot.sockets) == 2)
        await act(http, do="connection", how="close_old")
        await act(http, do="connection", how=how)
        await bot.until(lambda: len(bot.sockets) == 3)
        await onebot.until_connected()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sandbox/acts", {"do": "dance"}, 400),
        ("/sandbox/acts", {"do": "poke", "place": "7", "person": "10001"}, 400),
        ("/sandbox/acts", {"do": "say", "place": "7", "person": "1", "segments": []}, 400),
        ("/sandbox/acts", {"do": "recall", "line": 99}, 400),
        ("/sandbox/faults", {"kind": "timeout", "colour": "red"}, 400),
        ("/sandbox/faults/9/release", {}, 404),
    ],
)
async def test_what_cannot_be_done_is_said(path, body, status):
    async with controlled() as (_, _, http):
        answer = await http.post(path, json=body)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]


async def test_a_form_of_another_page_does_nothing():
    async with controlled() as (_, _, http):
        answer = await http.post("/sandbox/acts", content='{"do": "expire"}')
        assert answer.status_code == 415
        stranger = await http.get("/sandbox/account", headers={"Host": "evil.example"})
        assert stranger.status_code == 400
