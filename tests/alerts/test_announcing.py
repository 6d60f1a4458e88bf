"""What is told of our own accord is stored first, sent once, and found again."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.model import PartState, Reply, Text, person_key
from core.ports.sending import Later
from storage.announcing import Announce, Letter, letter_name
from tests.alerts.stage import Scene, acting, only
from tests.core.held import Held

EVENT = "left/main/token/key/50"


def letter(scene: Scene, text: str = "told", number: int = 1) -> Letter:
    person = scene.boss
    name = letter_name(person.key, f"event-{number}")
    reply = Reply(id=f"letter-{number}", answers=name, to=person.address, parts=(Text(text=text),))
    return Letter(name=name, reply=reply)


def announce(scene: Scene, *letters: Letter, **what: object) -> Announce:
    return Announce(letters=letters, at=scene.site.clock.now(), **what)


async def test_what_a_process_stored_and_did_not_send_is_sent_by_the_next(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        stored = scene.site.house.store.announcements
        assert await stored.announce(announce(scene, letter(scene), raised=(EVENT,)))
        before = len(scene.boss.reads)
        await scene.site.restart()
        await scene.site.house.settled()
        assert scene.boss.reads[before:] == ["told"]
        await scene.site.restart()
        await scene.site.house.settled()
        assert scene.boss.reads[before:] == ["told"]


@pytest.mark.parametrize("once", [{"raised": (EVENT,)}, {"job": "report daily"}])
async def test_an_event_is_told_once_for_ever(tmp_path: Path, once: dict[str, object]) -> None:
    async with acting(tmp_path) as scene:
        stored = scene.site.house.store.announcements
        assert await stored.announce(announce(scene, letter(scene), **once))
        assert not await stored.announce(announce(scene, letter(scene, number=2), **once))
        rows = scene.site.rows("SELECT id FROM replies WHERE message_id LIKE 'announce:%'")
        assert rows == [("letter-1",)]


async def test_an_event_that_is_over_may_be_told_again(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        stored = scene.site.house.store.announcements
        assert await stored.announce(announce(scene, raised=(EVENT, "left/main/token/key/20")))
        assert not await stored.announce(announce(scene, raised=("left/main/token/key/20",)))
        assert await stored.announce(announce(scene, over=EVENT))
        assert not await stored.announce(announce(scene, over=EVENT))
        assert await stored.announce(announce(scene, raised=(EVENT,)))


async def test_a_letter_whose_outcome_is_unknown_is_sent_again_flagged_or_held(
    tmp_path: Path,
) -> None:
    """As answers are: the window of promise 2."""
    async with acting(tmp_path) as scene:
        held = Held()
        scene.site.platform.results.append(held)
        stored = scene.site.house.store.announcements
        await stored.announce(announce(scene, letter(scene), raised=(EVENT,)))
        (left,) = await scene.site.house.store.unfinished()
        scene.site.house.gateway.take_up(left)
        await held.reached()
        await scene.site.restart()
        await scene.site.house.settled()
        last = scene.site.platform.tries[-1]
        assert (last.key, last.repeated) == ("letter-1/0", True)


async def test_a_letter_holds_up_no_answer(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        held = Held()
        scene.site.platform.results.append(held)
        stored = scene.site.house.store.announcements
        await stored.announce(announce(scene, letter(scene), raised=(EVENT,)))
        (left,) = await scene.site.house.store.unfinished()
        scene.site.house.gateway.take_up(left)
        await held.reached()
        shown = len(scene.site.platform.shown)
        await scene.boss.says("/help")
        await scene.site.platform.shows(shown + 1)
        held.release()
        await scene.site.house.settled()
        assert scene.boss.reads[-1] == "told"


async def test_where_only_requests_are_answered_a_letter_waits_for_the_next(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path) as scene:
        site, store = scene.site, scene.site.house.store
        site.platform.results.append(Later())
        await store.announcements.announce(announce(scene, letter(scene), raised=(EVENT,)))
        (left,) = await store.unfinished()
        site.house.gateway.take_up(left)
        await site.house.settled()
        to = scene.boss.address
        here = (to.platform, to.bot, to.chat)
        part = only(await store.waiting(*here))  # type: ignore[arg-type]
        assert (part.part, part.state, part.answers) == (Text(text="told"), PartState.LATER, "")
        assert await store.waiting(to.platform, to.bot, "another chat") == []
        await store.mark(part.reply_id, part.index, PartState.SENT, "push 1")
        assert await store.waiting(*here) == []
        carried = await store.carried(*here, "push 1")
        assert carried
        assert carried.part == Text(text="told")


async def test_what_somebody_was_told_is_forgotten_with_him(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        stored = scene.site.house.store.announcements
        await stored.announce(announce(scene, letter(scene), raised=(EVENT,)))
        await scene.boss.asks("/forget yes")
        assert scene.site.rows("SELECT id FROM replies WHERE message_id LIKE 'announce:%'") == []
        assert await scene.site.house.store.unfinished() == []


async def test_what_somebody_was_told_is_in_his_export_and_in_nobody_elses(
    tmp_path: Path,
) -> None:
    async with acting(tmp_path) as scene:
        store = scene.site.house.store
        await store.announcements.announce(announce(scene, letter(scene), raised=(EVENT,)))
        exported = await store.export(scene.boss.key)
        assert "letter-1" not in str(exported)
        assert "'told'" in str(exported["replies"])
        for other in ("bos", "boss2"):
            assert "'told'" not in str(await store.export(scene.site.person(other).key))


async def test_letters_and_readings_go_after_the_retention(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        store = scene.site.house.store
        await store.announcements.announce(announce(scene, letter(scene), raised=(EVENT,)))
        await scene.looks()
        (left,) = await store.unfinished()
        later = scene.site.clock.now() + timedelta(days=31)
        await store.sweep(later, keep_days=30)
        assert len(scene.site.rows("SELECT * FROM replies WHERE id = 'letter-1'")) == 1
        assert scene.site.rows("SELECT * FROM readings") == []
        scene.site.house.gateway.take_up(left)
        await scene.site.house.settled()
        await store.sweep(later, keep_days=30)
        assert scene.site.rows("SELECT * FROM replies WHERE id = 'letter-1'") == []


async def test_he_is_told_in_the_language_that_he_chose(tmp_path: Path) -> None:
    async with acting(tmp_path, grant=4000) as scene:
        await scene.boss.asks("/language zh")
        await scene.spends(2500)
        told = await scene.looks()
        assert all("额度" in line for line in told)
        settings = await scene.site.house.store.settings(person_key(scene.boss.address))
        assert settings["language"] == "zh"
