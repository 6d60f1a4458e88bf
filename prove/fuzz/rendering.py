"""A model's words, which are as foreign as anybody's: shown on each platform."""

from collections.abc import Callable, Sequence

from adapters.onebot11.format import clean as qq_clean
from adapters.telegram.markdown import ENTITIES_MAX, TEXT_LIMIT, TEXT_MAX, to_telegram
from adapters.wechat.xml import cdata, read_xml
from core.model import Capabilities, Text
from core.render import render
from core.render.pieces import MEASURES
from prove.fuzz.target import Broken, Target, recorded

PLAIN = Capabilities(source="", text_limit=1500, text_unit="characters", markup="plain")
WECHAT = Capabilities(source="", text_limit=2000, text_unit="utf8_bytes", markup="plain")
TERMINAL = Capabilities(source="", text_limit="unlimited", markup="terminal")
TELEGRAM = Capabilities(
    source="", text_limit=TEXT_LIMIT, text_unit="utf16_units", markup="markdown"
)


def _pieces(text: str, caps: Capabilities) -> Sequence[str]:
    pieces = [part.text for part in render((Text(text=text),), caps) if isinstance(part, Text)]
    limit = caps.text_limit
    for piece in pieces:
        if limit != "unlimited" and not 0 < MEASURES[caps.text_unit](piece) <= limit:
            raise Broken(f"a piece that {caps.text_unit} of at most {limit} do not hold")
    return pieces


def _qq(text: str) -> None:
    for piece in _pieces(text, PLAIN):
        qq_clean(piece, defang=True).encode()


def _wechat(text: str) -> None:
    for piece in _pieces(text, WECHAT):
        read_xml(f"<xml><Content><![CDATA[{cdata(piece)}]]></Content></xml>")


def _terminal(text: str) -> None:
    for piece in _pieces(text, TERMINAL):
        piece.encode()


def _telegram(text: str) -> None:
    for piece in _pieces(text, TELEGRAM):
        shown = to_telegram(piece)
        size = len(shown.text.encode("utf-16-le")) // 2
        if size > TEXT_MAX or len(shown.entities) > ENTITIES_MAX:
            raise Broken("more than a message holds")
        if any(one.length < 1 or one.offset + one.length > size for one in shown.entities):
            raise Broken("an entity about nothing")


def _seeds() -> Sequence[bytes]:
    return recorded("render/samples/*.md", "web/*.md")


def _target(name: str, show: Callable[[str], None]) -> Target:
    return Target(
        name=f"render-{name}",
        run=lambda data: show(data.decode(errors="replace")),
        seeds=_seeds,
        form="text",
    )


TARGETS = (
    _target("qq", _qq),
    _target("wechat", _wechat),
    _target("terminal", _terminal),
    _target("telegram", _telegram),
)
