"""What WeChat pushes, as far as the adapter tells it apart."""

from typing import TypeAlias

from msgspec import Struct

from core.model import Media, Text


class Said(Struct, frozen=True, kw_only=True, tag="said"):
    """A message, or a menu button that speaks for the person (`by_menu`)."""

    parts: tuple[Text | Media, ...]
    by_menu: bool = False

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text)).strip()


class Followed(Struct, frozen=True, kw_only=True, tag="followed"):
    """Somebody follows the account, perhaps by a QR code with a scene."""


class Scanned(Struct, frozen=True, kw_only=True, tag="scanned"):
    """Somebody who follows already came by a QR code."""


class Unheard(Struct, frozen=True, kw_only=True, tag="unheard"):
    """Nothing that asks for an answer."""

    kind: str


Content: TypeAlias = Said | Followed | Scanned | Unheard


class Push(Struct, frozen=True, kw_only=True):
    """`key` is the MsgId, or for events, which have none, who did what when.

    `source` is the person's OpenID, `target` the account's 原始ID, `created` WeChat's
    clock in seconds.
    """

    key: str
    source: str
    target: str
    created: int
    content: Content
    raw: str = ""


class Remote(Struct, frozen=True, kw_only=True):
    """Where a file can be had: WeChat's link, or the id for media/get."""

    media_id: str = ""
    url: str = ""
