"""Files up and down, the page and its headers, over real HTTP."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from core.errors import MediaNotKept
from tests.web.conftest import Visitor, hear, say, visit
from tests.web.stage import House, Stage, png, tone

PNG = png(8, 8)


async def test_a_picture_goes_up_and_comes_back(visitor: Visitor) -> None:
    sent = await visitor.upload(PNG, name="../../evil/猫.png")
    assert sent.status_code == 201
    view = sent.json()
    assert (view["kind"], view["mime"], view["name"]) == ("image", "image/png", "猫.png")
    assert view["size_bytes"] == len(PNG)
    got = await visitor.http.get(f"/media/{view['ticket']}")
    assert got.content == PNG
    assert got.headers["content-type"] == "image/png"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("inline")


async def test_a_page_in_disguise_is_only_ever_saved(visitor: Visitor) -> None:
    view = (await visitor.upload(b"<script>alert(1)</script>", name="cat.png")).json()
    got = await visitor.http.get(f"/media/{view['ticket']}")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''cat.png"
    assert "sandbox" in got.headers["content-security-policy"]


async def test_a_recording_is_a_voice(visitor: Visitor) -> None:
    view = (await visitor.upload(tone(0.1), recording="1")).json()
    assert (view["kind"], view["mime"]) == ("voice", "audio/wav")


async def test_an_uploaded_file_can_be_sent_with_a_message(visitor: Visitor, stage: Stage) -> None:
    view = (await visitor.upload(PNG, name="cat.png")).json()
    async with visitor.tab() as tab:
        media = [{"ticket": view["ticket"]}]
        await say(tab, id="0123456789", text="what is this?", media=media)
        await hear(tab, "ack")
    (message,) = stage.messages.values()
    assert stage.shelf.contents[message.media[0].blob] == PNG


async def test_nobody_gets_or_sends_anothers_file(house: House, visitor: Visitor) -> None:
    view = (await visitor.upload(PNG)).json()
    other = await visit(house)
    assert (await other.http.get(f"/media/{view['ticket']}")).status_code == 404
    async with other.tab() as tab:
        await say(tab, id="0123456789", text="mine!", media=[{"ticket": view["ticket"]}])
        assert "session" in (await hear(tab, "invalid"))["reason"]
    await other.http.aclose()
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as stranger:
        assert (await stranger.get(f"/media/{view['ticket']}")).status_code == 401


async def test_a_player_can_seek(visitor: Visitor) -> None:
    sound = tone(0.5)
    ticket = (await visitor.upload(sound)).json()["ticket"]

    async def get(**headers: str) -> httpx.Response:
        return await visitor.http.get(f"/media/{ticket}", headers=headers)

    part = await get(Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, sound[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(sound)}"
    assert (await get(Range="bytes=-4")).content == sound[-4:]
    past = await get(Range=f"bytes={len(sound)}-")
    assert past.status_code == 416
    whole = await get(**{"Range": "bytes=0-1", "If-Range": '"another"'})
    assert whole.status_code == 200
    assert (await get(**{"If-None-Match": whole.headers["etag"]})).status_code == 304


@pytest.fixture
async def narrow(stage: Stage) -> AsyncIterator[Visitor]:
    """A page that takes a thousand bytes at most."""
    house = House(stage, upload_bytes=1000)
    await house.start()
    visitor = await visit(house)
    yield visitor
    await visitor.http.aclose()
    await house.stop()


async def test_too_large_a_file_is_refused_by_its_stated_length(narrow: Visitor) -> None:
    refused = await narrow.upload(b"x" * 1001)
    assert refused.status_code == 413
    assert "1000" in refused.text
    assert "1001" in refused.text


async def test_too_large_a_file_is_refused_without_a_length(narrow: Visitor, stage: Stage) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    headers = {"Origin": narrow.house.url}
    refused = await narrow.http.post("/upload", content=stream(), headers=headers)
    assert refused.status_code == 413
    assert not stage.shelf.contents


async def test_what_cannot_be_kept_now_may_come_again(
    visitor: Visitor, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_content: bytes) -> str:
        raise MediaNotKept("media: cannot write to /srv/media: No space left on device")

    monkeypatch.setattr(stage.shelf, "put", full)
    refused = await visitor.upload(PNG)
    assert refused.status_code == 503
    assert "/srv" not in refused.text


async def test_an_upload_needs_our_origin_and_our_cookie(house: House, visitor: Visitor) -> None:
    foreign = {"Origin": "http://evil.example"}
    refused = await visitor.http.post("/upload", content=PNG, headers=foreign)
    assert refused.status_code == 403
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as stranger:
        refused = await stranger.post("/upload", content=PNG, headers={"Origin": house.url})
    assert refused.status_code == 401
    assert (await visitor.upload(b"")).status_code == 400


async def test_the_page_lets_nothing_foreign_in(visitor: Visitor) -> None:
    page = await visitor.http.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)


async def test_the_cookie_is_closed_to_scripts_and_kept(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as http:
        first = (await http.get("/")).headers["set-cookie"]
        second = (await http.get("/")).headers["set-cookie"]
    assert "HttpOnly" in first
    assert "SameSite=lax" in first
    assert "Secure" not in first
    assert first == second


async def test_everything_the_page_loads_is_there(visitor: Visitor) -> None:
    page = (await visitor.http.get("/")).text
    waiting = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        got = await visitor.http.get(path)
        assert got.status_code == 200, path
        again = await visitor.http.get(path, headers={"If-None-Match": got.headers["etag"]})
        assert again.status_code == 304
        imports = re.findall(r'from "\./([^"]+)"', got.text) if path.endswith(".js") else []
        waiting |= {f"/static/{name}" for name in imports} - seen
    assert len(seen) > 15


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/..%2f__init__.py", "/static/../__init__.py"]
)
async def test_only_the_pages_own_files_are_served(visitor: Visitor, path: str) -> None:
    assert (await visitor.http.get(path)).status_code == 404


async def test_a_history_needs_the_cookie_and_the_store(
    house: House, visitor: Visitor, stage: Stage
) -> None:
    assert (await visitor.http.get("/history?count=oops")).json() == {
        "exchanges": [],
        "more": False,
    }
    stage.store_broken = True
    assert (await visitor.http.get("/history")).status_code == 503
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as stranger:
        assert (await stranger.get("/history")).status_code == 401
