"""Amounts, units and periods as people say them, in both languages. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from core.amounts import PER_UNIT, Unit, kept
from core.ports.ledger import Period

Word: TypeAlias = Literal["unlimited", "default"]

UNITS: Mapping[str, Unit] = {
    **dict.fromkeys(("usd", "$", "dollar", "dollars", "美元", "美金", "刀"), "usd"),
    **dict.fromkeys(("message", "messages", "msg", "msgs", "条", "条消息", "消息"), "messages"),
    **dict.fromkeys(("token", "tokens", "词元"), "tokens"),
    **dict.fromkeys(("image", "images", "picture", "pictures", "图", "图片"), "images"),
    **dict.fromkeys(("张", "张图", "张图片"), "images"),
    **dict.fromkeys(("audio", "audio_s", "second", "seconds", "sec", "s"), "audio_s"),
    **dict.fromkeys(("秒", "秒语音", "语音", "音频"), "audio_s"),
}
MINUTES = frozenset({"minute", "minutes", "min", "分钟"})
PERIODS: Mapping[str, Period] = {
    **dict.fromkeys(("day", "daily", "today", "天", "日", "每天", "每日", "今天", "今日"), "day"),
    **dict.fromkeys(("month", "monthly", "月", "每月", "个月", "每个月", "本月"), "month"),
}
VALUES: Mapping[str, Word] = {
    **dict.fromkeys(("unlimited", "不限", "无限", "无限制", "不限制"), "unlimited"),
    **dict.fromkeys(("default", "reset", "默认", "恢复", "恢复默认"), "default"),
}
NOISE = frozenset({"a", "an", "per", "of", "/", "the", "this", "给", "为", "的", "每"})
TIMES = {"": 1, "k": 1_000, "千": 1_000, "万": 10_000, "m": 1_000_000}

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
NUMBER = re.compile(_NUMBER, re.ASCII)
PIECE = re.compile(rf"\$|/|{_NUMBER}|[a-z_]+|[\u4e00-\u9fff]+|\S", re.ASCII)
CHINESE = sorted(
    (
        word
        for words in (UNITS, PERIODS, VALUES, MINUTES, NOISE, TIMES)
        for word in words
        if word and not word.isascii()
    ),
    key=len,
    reverse=True,
)
"""Longest first: Chinese is written without spaces."""

MOST = 10**18
"""In the kept measure: a billion dollars."""

MOST_GRANTED = Decimal(10**9)
"""Of any unit, in one period."""


@dataclass(slots=True, kw_only=True)
class Said:
    """What was found, None where it was not said. `strange` is the first word of no meaning,
    `wrong` a number that the unit cannot have."""

    unit: Unit | None = None
    period: Period | None = None
    figure: Decimal | None = None
    word: Word | None = None
    strange: str = ""
    wrong: str = ""

    @property
    def value(self) -> Decimal | Word | None:
        """The one that was said; None for neither, or both."""
        return None if self.figure is not None and self.word else self.word or self.figure


def read(text: str) -> Said:
    """Unit, period and value, in any order. Minutes are seconds of speech."""
    said = Said()
    times, before = Decimal(1), ""
    for piece in _pieces(text.lower()):
        after_number, before = NUMBER.fullmatch(before), piece
        if NUMBER.fullmatch(piece) and said.figure is None:
            said.figure = Decimal(piece.replace(",", ""))
        elif piece in TIMES and after_number:
            times *= TIMES[piece]
        elif piece in MINUTES and said.unit is None:
            said.unit, times = "audio_s", times * 60
        elif piece in UNITS and said.unit in (None, UNITS[piece]):
            said.unit = UNITS[piece]
        elif piece in PERIODS and said.period in (None, PERIODS[piece]):
            said.period = PERIODS[piece]
        elif piece in VALUES and said.word is None:
            said.word = VALUES[piece]
        elif piece not in NOISE:
            said.strange = said.strange or _around(piece, text)
    if said.figure is not None:
        said.figure *= times
        said.wrong = said.wrong or _wrong(said.figure, said.unit)
    return said


def _wrong(figure: Decimal, unit: Unit | None) -> str:
    """The figure, where it is no whole number of what is kept, or too large to be meant."""
    if unit is None:
        return ""
    if figure > MOST or kept(unit, figure) > MOST:
        return written(figure)[:40]
    whole = figure * PER_UNIT[unit] if unit == "usd" else figure
    return "" if whole == whole.to_integral_value() else written(figure)[:40]


def written(figure: Decimal) -> str:
    """As it is stored and shown: no exponent, no noughts at the end."""
    return f"{figure.normalize():f}"


def _around(piece: str, text: str) -> str:
    """The word that a piece stands in, as it was written; Chinese has no spaces to tell."""
    if not piece.isascii():
        return piece
    return next((word for word in text.split() if piece in word.lower()), piece)


def _pieces(text: str) -> Iterator[str]:
    for piece in PIECE.findall(text):
        if "\u4e00" <= piece[0] <= "\u9fff":
            yield from _chinese(piece)
        else:
            yield piece


def _chinese(run: str) -> Iterator[str]:
    """Cut into the words that are known; what is left is a word of its own."""
    while run:
        word = next((word for word in CHINESE if run.startswith(word)), run)
        yield word
        run = run.removeprefix(word)
