"""Recordings brought within a relay's formats and limits, before they are sent to it."""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import structs

from core.errors import MediaError, RelayError, RelayInvalid, RelayTooLarge, RelayUnsupported
from core.relay.client import Relay
from core.relay.dialect import Dialect, Limits
from core.relay.transcript import join, words_of
from core.request import TranscriptionRequest, TranslationRequest
from core.response import Transcription
from core.sound import sniff
from core.sound.encode import MP3
from core.sound.pcm import LONG_S, quick_duration_s
from core.sound.split import LEAST_LIMIT_S, Piece, to_mp3_pieces

Spoken: TypeAlias = TranscriptionRequest | TranslationRequest

Told: TypeAlias = Callable[[int, int], None]
"""Is told before each piece how many are heard, and how many there are."""

HEAD_BYTES = 4_096
"""What an mp3 file holds beside its sound: a tag, a first frame that tells its length, padding."""

PROMPT_CHARS = 200
"""How much of what was heard before is told with the next piece."""

_TOO_TIGHT = "and no sound is so short. Check [limits] of its profile."

ENDINGS = {"mp3": ("mp3", "mpga", "mpeg"), "m4a": ("m4a", "mp4")}
"""Formats that go by several names, the usual one first."""

_ABOUT_THE_FILE = re.compile(
    r"(?<!response_)(?<!response )format|\bfile\b|decod|codec|格式|文件|解码", re.IGNORECASE
)


async def hear(
    relay: Relay, request: Spoken, *, key: int = 0, told: Told | None = None
) -> Transcription:
    """What is said in a recording of any length and format that core.sound reads.

    A format that the relay turns out to refuse is sent again as mp3, and remembered.
    If a piece fails, all does; its outcome is unknown once another may have been billed.
    Raises RelayError and MediaError.
    """
    pieces = await asyncio.to_thread(fit, request, relay.dialect, relay.name)
    form = pieces[0].form
    try:
        return await _hear(relay, request, pieces, key, told)
    except (RelayInvalid, RelayUnsupported) as error:
        if pieces[0].content is not request.audio or not refuses_format(error):
            raise
        pieces = await _as_mp3(request, relay, error)
    heard = await _hear(relay, request, pieces, key, told)
    if form != "mp3":
        await relay.note_refused_audio(form)
    return heard


def refuses_format(error: RelayError) -> bool:
    """Whether it may be the file's form that the relay does not like."""
    if isinstance(error, RelayTooLarge):
        return False
    return error.status == 415 or (
        error.status in (200, 400, 422) and bool(_ABOUT_THE_FILE.search(str(error)))
    )


async def _as_mp3(request: Spoken, relay: Relay, refused: RelayError) -> list[Piece]:
    """Raises `refused` where the recording cannot be read here either."""
    try:
        return await asyncio.to_thread(
            to_mp3_pieces, request.audio, piece_limit_s(request, relay.dialect.limits, relay.name)
        )
    except MediaError as error:
        raise refused from error


async def _hear(
    relay: Relay,
    request: Spoken,
    pieces: Sequence[Piece],
    key: int,
    told: Told | None,
) -> Transcription:
    heard: list[Transcription] = []
    for piece in pieces:
        if told:
            told(len(heard), len(pieces))
        before = words_of(heard[-1], request.response_format) if heard else ""
        try:
            asked = _asked(request, piece, before, relay.dialect)
            heard.append(await relay.call(asked, key=key))
        except RelayError as error:
            if heard:
                error.certain = False
            raise
    return join(pieces, heard, request.response_format)


def _asked(request: Spoken, piece: Piece, before: str, dialect: Dialect) -> Spoken:
    return structs.replace(
        request,
        audio=piece.content,
        filename=filename(piece, request.filename, dialect),
        prompt=request.prompt or _tail(before),
        duration_s=piece.duration_s or request.duration_s,
    )


def filename(piece: Piece, given: str, dialect: Dialect) -> str:
    """A name with an ending that is true and that the relay knows; `given` if that may be so."""
    known = _endings(piece.form, dialect)
    ending = given.rpartition(".")[2].lower()
    if not known or ending in known:
        return given
    return f"audio.{known[0]}"


def fit(request: Spoken, dialect: Dialect, relay: str = "") -> list[Piece]:
    """The recording as it is where the relay takes it so; else as mp3, cut where it must be.

    Blocks for a hundredth of the recording. Raises MediaError for what cannot be read or lasts
    over LONG_S; RelayTooLarge and RelayInvalid where the package to change it is missing.
    """
    whole = Piece(content=request.audio, form=sniff(request.audio))
    if _accepted(whole, dialect) and _within(request, dialect.limits):
        return [whole]
    try:
        return to_mp3_pieces(request.audio, piece_limit_s(request, dialect.limits, relay))
    except MediaError as error:
        if not isinstance(error.__cause__, ImportError):
            raise
        return [_unchanged(request, dialect, relay, error)]


def _accepted(piece: Piece, dialect: Dialect) -> bool:
    names = ENDINGS.get(piece.form, (piece.form,))
    return bool(_endings(piece.form, dialect)) and not set(names) & set(dialect.audio_refused)


def _endings(form: str, dialect: Dialect) -> list[str]:
    return [name for name in ENDINGS.get(form, (form,)) if name in dialect.audio_formats]


def _within(request: Spoken, limits: Limits) -> bool:
    if limits.audio_bytes != "unlimited" and len(request.audio) > limits.audio_bytes:
        return False
    return limits.audio_s == "unlimited" or _duration_s(request) <= limits.audio_s


def _duration_s(request: Spoken) -> float:
    """What the recording tells, else what the platform does."""
    try:
        return quick_duration_s(request.audio)
    except MediaError:
        return request.duration_s


def piece_limit_s(request: Spoken, limits: Limits, relay: str) -> float:
    """How long an mp3 may be for the relay. Raises RelayTooLarge where no sound is so short."""
    lasts_s = LONG_S if limits.audio_s == "unlimited" else limits.audio_s
    if lasts_s < LEAST_LIMIT_S:
        raise _too_large(relay, "seconds", round(_duration_s(request)), lasts_s, _TOO_TIGHT)
    if limits.audio_bytes == "unlimited":
        return lasts_s
    fits_s = (limits.audio_bytes - HEAD_BYTES) * 8 / MP3.bits_per_s
    if fits_s < LEAST_LIMIT_S:
        raise _too_large(relay, "bytes", len(request.audio), limits.audio_bytes, _TOO_TIGHT)
    return min(lasts_s, fits_s)


def _unchanged(request: Spoken, dialect: Dialect, relay: str, missing: MediaError) -> Piece:
    """What can be sent where it cannot be changed. Raises RelayInvalid, RelayTooLarge."""
    limits, why = dialect.limits, f"and it cannot be cut: {missing}"
    if limits.audio_bytes != "unlimited" and len(request.audio) > limits.audio_bytes:
        raise _too_large(relay, "bytes", len(request.audio), limits.audio_bytes, why)
    if limits.audio_s != "unlimited" and request.duration_s > limits.audio_s:
        raise _too_large(relay, "seconds", round(request.duration_s), limits.audio_s, why)
    form = sniff(request.audio)
    ending = request.filename.rpartition(".")[2].lower()
    if form or ending not in dialect.audio_formats:
        taken = ", ".join(f for f in dialect.audio_formats if f not in dialect.audio_refused)
        raise RelayInvalid(
            f'relay "{relay}": expected a recording as {taken}, '
            f'got "{form or ending}", and it cannot be changed: {missing}'
        ) from missing
    return Piece(content=request.audio, form=form)


def _too_large(relay: str, unit: str, got: int, limit: int, why: str) -> RelayTooLarge:
    return RelayTooLarge(
        f'relay "{relay}": expected at most {limit} {unit} of audio, got {got}, {why}',
        got=got,
        limit=limit,
    )


def _tail(text: str) -> str:
    """The end of `text`, from the beginning of a word where words have spaces."""
    if len(text) <= PROMPT_CHARS:
        return text
    cut = text[-PROMPT_CHARS:]
    _, _, words = cut.partition(" ")
    return words if len(words) > PROMPT_CHARS // 2 else cut
