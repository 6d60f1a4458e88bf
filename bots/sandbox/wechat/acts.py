"""What a person can do to an account, and the push that tells it.

The forms are those of developers.weixin.qq.com/doc/subscription/guide/product/message
(普通消息, 事件推送; read 2026-11). `file` is in no page: it is what accounts see come
when somebody forwards a file to them.
"""

from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

from bots.sandbox.wechat.allowance import Ground
from bots.sandbox.wechat.xml import Fields


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act"):
    """`person` is an openid.

    `ground`: which customer-service messages it allows. `answered`: whether an
    answer is shown, or else that there was none.
    """

    ground: ClassVar[Ground | None] = "message"
    answered: ClassVar[bool] = True

    person: str

    def fields(self) -> Fields:
        """What the push says beside its head and MsgId."""
        raise NotImplementedError

    def told(self) -> str:
        """How it reads in the talk, where it is nothing that shows itself."""
        return ""


class Text(Act, frozen=True, kw_only=True, tag="text"):
    text: str

    def fields(self) -> Fields:
        return {"MsgType": "text", "Content": self.text}

    def told(self) -> str:
        return self.text


class Image(Act, frozen=True, kw_only=True, tag="image"):
    url: str
    media_id: str

    def fields(self) -> Fields:
        return {"MsgType": "image", "PicUrl": self.url, "MediaId": self.media_id}


class Voice(Act, frozen=True, kw_only=True, tag="voice"):
    """`recognition` is None where the account has it switched off."""

    media_id: str
    format: Literal["amr", "speex"] = "amr"
    recognition: str | None = None

    def fields(self) -> Fields:
        heard: Fields = {} if self.recognition is None else {"Recognition": self.recognition}
        return {"MsgType": "voice", "MediaId": self.media_id, "Format": self.format, **heard}


class Video(Act, frozen=True, kw_only=True, tag="video"):
    media_id: str
    thumb_media_id: str
    short: bool = False

    def fields(self) -> Fields:
        kind = "shortvideo" if self.short else "video"
        return {"MsgType": kind, "MediaId": self.media_id, "ThumbMediaId": self.thumb_media_id}


class Location(Act, frozen=True, kw_only=True, tag="location"):
    """A place that the person picked. Degrees."""

    latitude: float
    longitude: float
    label: str = ""
    scale: int = 15

    def fields(self) -> Fields:
        return {
            "MsgType": "location",
            "Location_X": f"{self.latitude:.6f}",
            "Location_Y": f"{self.longitude:.6f}",
            "Scale": self.scale,
            "Label": self.label,
        }

    def told(self) -> str:
        return f"{self.label} ({self.latitude:.6f}, {self.longitude:.6f})".strip()


class Link(Act, frozen=True, kw_only=True, tag="link"):
    title: str
    url: str
    description: str = ""

    def fields(self) -> Fields:
        return {
            "MsgType": "link",
            "Title": self.title,
            "Description": self.description,
            "Url": self.url,
        }

    def told(self) -> str:
        return f"{self.title}\n{self.url}"


class File(Act, frozen=True, kw_only=True, tag="file"):
    name: str
    size_bytes: int
    md5: str

    def fields(self) -> Fields:
        return {
            "MsgType": "file",
            "Title": self.name,
            "Description": "",
            "FileKey": self.md5,
            "FileMd5": self.md5,
            "FileTotalLen": self.size_bytes,
        }


class Event(Act, frozen=True, kw_only=True):
    """What a push has no MsgId for."""

    ground: ClassVar[Ground | None] = None


class Subscribe(Event, frozen=True, kw_only=True, tag="subscribe"):
    """`scene`: of the QR code that was scanned, if one was."""

    ground: ClassVar[Ground | None] = "subscribe"
    scene: str = ""

    def fields(self) -> Fields:
        event: Fields = {"MsgType": "event", "Event": "subscribe"}
        if not self.scene:
            return {**event, "EventKey": ""}
        return {**event, "EventKey": f"qrscene_{self.scene}", "Ticket": f"ticket-{self.scene}"}

    def told(self) -> str:
        return "follows the account" + (f" by the code {self.scene}" if self.scene else "")


class Unsubscribe(Event, frozen=True, kw_only=True, tag="unsubscribe"):
    """The account can't reach the person any more."""

    answered: ClassVar[bool] = False

    def fields(self) -> Fields:
        return {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}

    def told(self) -> str:
        return "follows the account no more"


class Scan(Event, frozen=True, kw_only=True, tag="scan"):
    """Of the account's QR code, by somebody who follows it already."""

    ground: ClassVar[Ground | None] = "scan"
    scene: str

    def fields(self) -> Fields:
        return {
            "MsgType": "event",
            "Event": "SCAN",
            "EventKey": self.scene,
            "Ticket": f"ticket-{self.scene}",
        }

    def told(self) -> str:
        return f"scans the code {self.scene}"


class Report(Event, frozen=True, kw_only=True, tag="report"):
    """Where the person is, told on entering the talk. Degrees and metres."""

    answered: ClassVar[bool] = False
    latitude: float
    longitude: float
    precision: float = 30.0

    def fields(self) -> Fields:
        return {
            "MsgType": "event",
            "Event": "LOCATION",
            "Latitude": f"{self.latitude:.6f}",
            "Longitude": f"{self.longitude:.6f}",
            "Precision": f"{self.precision:.6f}",
        }

    def told(self) -> str:
        return f"is at {self.latitude:.6f}, {self.longitude:.6f}"


class Click(Event, frozen=True, kw_only=True, tag="click"):
    """On an entry of the account's menu."""

    ground: ClassVar[Ground | None] = "click"
    key: str

    def fields(self) -> Fields:
        return {"MsgType": "event", "Event": "CLICK", "EventKey": self.key}

    def told(self) -> str:
        return f"taps the menu entry {self.key}"


class View(Event, frozen=True, kw_only=True, tag="view"):
    """On an entry of the menu that opens a page."""

    answered: ClassVar[bool] = False
    url: str

    def fields(self) -> Fields:
        return {"MsgType": "event", "Event": "VIEW", "EventKey": self.url}

    def told(self) -> str:
        return f"opens {self.url} from the menu"


AnyAct: TypeAlias = (
    Text
    | Image
    | Voice
    | Video
    | Location
    | Link
    | File
    | Subscribe
    | Unsubscribe
    | Scan
    | Report
    | Click
    | View
)
