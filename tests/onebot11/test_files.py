"""Pictures and recordings that people sent, as the engine gets them."""

import base64
from pathlib import Path

import pytest

from adapters.onebot11.download import Download
from adapters.onebot11.files import FILE_BYTES
from adapters.onebot11.handle import Handle, write_handle
from adapters.onebot11.health import AWAY_S
from bots.sandbox.onebot.flavour import FLAVOURS, GO_CQHTTP, LAGRANGE, LLBOT, NAPCAT
from bots.sandbox.town.town import Utterance
from core.audio import audio_filename
from core.errors import MediaError
from core.model import Media
from core.sound import duration_s, sniff
from tests.onebot11.stage import playing, said, with_files

CLIPS = Path(__file__).parents[1] / "clips"
SPOKEN = (CLIPS / "garden.ogg").read_bytes()
PICTURE = (CLIPS / "picture.png").read_bytes()


async def received(stage, onebot, kind, content, name=""):
    spoken = Utterance(place="10001", person="10001", kind=kind, content=content, name=name)
    await onebot.speak(spoken)
    (media,) = (await stage.heard(1))[0].media
    return media


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=FLAVOURS)
async def test_a_voice_is_wav_whatever_qq_carried(flavour):
    """NapCat and LLBot carry SILK, go-cqhttp AMR, all named .amr."""
    async with with_files(flavour=flavour) as (stage, onebot):
        media = await received(stage, onebot, "voice", SPOKEN)
        content = await stage.adapter.fetch(media)
    assert sniff(content) == "wav"
    assert audio_filename(media).endswith(".wav")
    assert duration_s(content) == pytest.approx(duration_s(SPOKEN), abs=0.3)


@pytest.mark.parametrize("flavour", FLAVOURS.values(), ids=FLAVOURS)
async def test_a_picture_comes_as_it_was_sent(flavour):
    async with with_files(flavour=flavour) as (stage, onebot):
        media = await received(stage, onebot, "image", PICTURE)
        assert await stage.adapter.fetch(media) == PICTURE


async def test_an_address_that_expired_is_asked_for_anew():
    async with with_files(flavour=NAPCAT) as (stage, onebot):
        media = await received(stage, onebot, "image", PICTURE)
        onebot.files.expire()
        assert await stage.adapter.fetch(media) == PICTURE
        assert onebot.frames.calls("get_image")


async def test_a_voice_whose_address_expired_is_converted_there():
    async with with_files(flavour=NAPCAT) as (stage, onebot):
        media = await received(stage, onebot, "voice", SPOKEN)
        onebot.files.expire()
        assert sniff(await stage.adapter.fetch(media)) == "wav"


@pytest.mark.parametrize("flavour", [NAPCAT, LLBOT, LAGRANGE, GO_CQHTTP], ids=lambda f: f.name)
async def test_a_song_sent_as_a_file_keeps_its_name_and_bytes(flavour):
    async with with_files(flavour=flavour) as (stage, onebot):
        media = await received(stage, onebot, "file", SPOKEN, "song.ogg")
        assert (media.kind, audio_filename(media)) == ("audio", "voice.ogg")
        assert await stage.adapter.fetch(media) == SPOKEN


async def test_private_addresses_are_never_fetched():
    """Without file_hosts not even this machine's own are."""
    async with playing() as stage, stage.account(media_url="http://127.0.0.1:9009") as onebot:
        media = await received(stage, onebot, "image", PICTURE)
        with pytest.raises(MediaError, match="not a public address"):
            await stage.adapter.fetch(media)


@pytest.mark.parametrize(
    "address",
    ["http://127.1/x", "http://[::1]/x", "http://0x7f000001/x", "http://metadata.internal/",
     "http://10.0.0.1/x", "http://[::ffff:10.0.0.1]/x", "ftp://example.org/x", "file:///etc/passwd"],
)  # fmt: skip
async def test_no_spelling_of_a_private_address_is_fetched(address):
    download = Download((), 1000)
    with pytest.raises(MediaError):
        await download.get(address)
    await download.aclose()


async def test_a_redirect_into_a_private_network_is_not_followed(served):
    place = await served({"/": (302, {"location": "http://127.0.0.1:9009/secret"}, b"")})
    download = Download((place,), 1000)
    with pytest.raises(MediaError, match="not a public address"):
        await download.get(f"http://{place}/")
    await download.aclose()


async def test_redirects_are_followed_to_a_bound(served):
    place = await served(
        {
            "/": (302, {"location": "/"}, b""),
            "/a": (302, {"location": "b"}, b""),
            "/b": (200, {}, b"ok"),
        }
    )
    download = Download((place,), 1000)
    assert await download.get(f"http://{place}/a") == b"ok"
    with pytest.raises(MediaError, match="too many redirects"):
        await download.get(f"http://{place}/")
    await download.aclose()


async def test_a_file_too_large_is_not_read_to_its_end(served):
    place = await served({"/": (200, {}, b"x" * 5000)})
    download = Download((place,), 1000)
    with pytest.raises(MediaError, match="at most"):
        await download.get(f"http://{place}/")
    await download.aclose()


async def test_no_address_is_told_in_an_error(served):
    place = await served({"/": (403, {}, b"")})
    download = Download((place,), 1000)
    with pytest.raises(MediaError) as error:
        await download.get(f"http://{place}/?rkey=secret")
    assert "secret" not in str(error.value)
    await download.aclose()


@pytest.mark.parametrize(
    "remote", ["", "https://127.0.0.1/x", "{}", '{"kind":"hologram","account":"1"}']
)
async def test_a_handle_that_is_none_of_ours_is_refused(remote):
    async with playing() as stage:
        with pytest.raises(MediaError):
            await stage.adapter.fetch(Media(kind="image", remote=remote))


async def test_an_account_that_is_not_named_any_more_is_neither_asked_nor_missed():
    handle = write_handle(Handle(account="20000", kind="image", file="a.jpg"))
    async with playing(accounts=("10000",)) as stage:
        with pytest.raises(MediaError, match="earlier days"):
            await stage.adapter.fetch(Media(kind="image", remote=handle))
        await stage.time.pass_(AWAY_S + 1)
        assert "20000" not in stage.adapter.trouble


@pytest.mark.parametrize(
    "content", ["!" * 7, "A" * (FILE_BYTES * 4 // 3 + 100)], ids=["odd", "large"]
)
async def test_base64_is_read_to_a_bound(content):
    handle = write_handle(Handle(account="1", kind="image", file=f"base64://{content}"))
    async with playing() as stage:
        with pytest.raises(MediaError):
            await stage.adapter.fetch(Media(kind="image", remote=handle))


async def test_a_recording_that_is_no_sound_is_an_error_of_its_own():
    junk = base64.b64encode(b"no sound at all").decode()
    handle = write_handle(Handle(account="1", kind="record", file=f"base64://{junk}"))
    async with playing() as stage:
        with pytest.raises(MediaError):
            await stage.adapter.fetch(Media(kind="voice", remote=handle))


async def test_words_and_a_picture_sent_apart_are_marked_as_belonging_together():
    async with with_files(flavour=NAPCAT) as (stage, onebot):
        media = await received(stage, onebot, "image", PICTURE)
        await onebot.speak(said("what is this?"))
        picture, words = await stage.heard(2)
    assert media.kind == "image"
    assert (picture.settles, words.settles) == (True, False)
