"""/image WORDS: a picture drawn from words, those written or those replied to."""

from bots.answer import show, tell
from bots.quoted import quoted_text
from core.command import Ask, Command, Outcome, Services
from core.model import Media
from core.ports.store import MediaStore
from core.request import ImageRequest
from core.response import Image


async def run(ask: Ask, rest: str, services: Services) -> Outcome:
    prompt = rest or quoted_text(ask.message)
    if not prompt:
        return tell(ask, services, "image_how")
    drawn, _ = await services.relays.images(ImageRequest(prompt=prompt, user=ask.user))
    pictures = [await _keep(image, services.media) for image in drawn.images]
    return show(ask, services, pictures)


async def _keep(image: Image, media: MediaStore) -> Media:
    return Media(
        kind="image",
        blob=await media.put(image.content),
        mime=image.mime,
        name=f"image.{image.mime.partition('/')[2] or 'png'}",
        size_bytes=len(image.content),
    )


COMMAND = Command(name="image", aliases=("画图", "draw"), run=run, spends="image")
