"""People who show pictures, and what was asked about them."""

from core.model import Media
from core.ports.adapter import Receipt
from core.request import ChatRequest
from tests.core.house import Person, Site

WHAT = "What is in this picture?"
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def picture(name: str) -> Media:
    return Media(kind="image", remote=name, mime="image/png")


def one_to_one(site: Site, sender: str = "amy", **settings: object) -> Person:
    if not site.bots:
        site.bot(**settings)
    for name in "abcd":
        site.platform.files[name] = PNG_HEAD + name.encode()
    return site.person(sender)


def in_group(site: Site, sender: str = "amy", **settings: object) -> Person:
    one_to_one(site, **settings)
    return site.person(sender, chat="family", group=True)


async def shows(person: Person, *names: str, **about: object) -> Receipt:
    """Send pictures alone, as a platform does that parts them from their question."""
    return await person.says("", *map(picture, names), **{"settles": True, **about})


def asked(site: Site) -> list[tuple[str, str]]:
    """Each question with the pictures that went with it."""
    return [(_words(request), _seen(request)) for request in site.relays.asked]


def _words(request: ChatRequest) -> str:
    return request.messages[-1].content


def _seen(request: ChatRequest) -> str:
    return "".join(p.content.removeprefix(PNG_HEAD).decode() for p in request.messages[-1].pictures)


def ends(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT state FROM inbox ORDER BY seq")


def nothing_left(site: Site) -> bool:
    return site.house.settling._open == {} and site.pauses.waiting == 0
