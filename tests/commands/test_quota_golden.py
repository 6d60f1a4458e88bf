"""/quota over the recorded body of burn.hair, byte for byte: as it is written, as QQ and WeChat
show it, and as Telegram does."""

from pathlib import Path

import pytest
from msgspec import structs

from adapters.telegram.markdown import to_telegram
from core.model import Capabilities, Language, Spend, Text
from core.people import Role
from core.render import render
from tests.commands.accounts import AT, CHAT, MICRO, counts, grants, somebody, spends
from tests.commands.talk import Talk

GOLDEN = Path(__file__).parent / "golden"

PLAIN = Capabilities(source="QQ and WeChat show text alone", markup="plain")

EARLIER = "2026-11-02"
LONG_AGO = "2026-10-30"


def talks(whose: str) -> Talk:
    match whose:
        case "admin":
            talk = somebody(Role.ADMIN)
        case "bound":
            talk = somebody(bound=True)
        case _:
            talk = somebody()
    _spent(talk)
    grants(talk, "1")
    counts(talk, "2026-11-02", messages=1)
    counts(talk, "2026-11-03", messages=7)
    return talk


def _spent(talk: Talk) -> None:
    picture = Spend(kind="image", relay="burn", model="d", at=AT, images=2, nano_usd=80_000 * MICRO)
    heard = Spend(kind="transcription", relay="burn", model="w", at=AT, audio_s=63.5, nano_usd=0)
    spends(
        talk,
        structs.replace(CHAT, nano_usd=525_300),
        structs.replace(CHAT, nano_usd=None),
        structs.replace(CHAT, nano_usd=12_300 * MICRO, estimated=True, unsure=True),
        picture,
    )
    spends(talk, structs.replace(heard, nano_usd=6_350 * MICRO), day=EARLIER)
    spends(talk, Spend(kind="speech", relay="burn", model="s", at=AT, characters=800), day=LONG_AGO)
    spends(talk, Spend(kind="translation", relay="burn", model="w", at=AT, audio_s=9), day=LONG_AGO)


def as_plain(text: str) -> str:
    shown = render((Text(text=text),), PLAIN)
    return "\n".join(part.text for part in shown if isinstance(part, Text))


def as_telegram(text: str) -> str:
    """The text, and under it what Telegram makes bold or monospaced."""
    shown = to_telegram(text)
    units = shown.text.encode("utf-16-le")
    marked = (
        (e.type, units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le"))
        for e in shown.entities
    )
    told = [f"{kind}: {words}" for kind, words in marked]
    return "\n".join([shown.text, "", "---", *told])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("whose", ["admin", "bound", "unbound"])
async def test_quota_reads_as_it_did(whose: str, language: Language) -> None:
    answer = await talks(whose).say("/quota", language=language)
    shown = {"md": answer, "plain": as_plain(answer), "telegram": as_telegram(answer)}
    for form, text in shown.items():
        file = GOLDEN / f"quota_{whose}_{language}.{form}.txt"
        assert f"{text}\n".encode() == file.read_bytes(), file.name
