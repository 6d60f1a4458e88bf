"""Pictures that people send."""

from base64 import b64encode
from pathlib import Path

from tests.scenario.stage import playing
from tests.web.stage import png


async def test_a_picture_goes_to_the_model_with_its_question(tmp_path: Path) -> None:
    picture = png(64, 48)
    async with playing(tmp_path) as stage:
        person = await stage.person()
        async with person.tab() as tab:
            ticket = await person.upload(picture, "square.png")
            (part,) = await tab.ask("What do you see?", ticket)
            assert "64" in part["text"]
            assert "48" in part["text"]
            (body,) = stage.asked()
            text, image = body["messages"][-1]["content"]
            assert text == {"type": "text", "text": "What do you see?"}
            data = b64encode(picture).decode()
            assert image["image_url"]["url"] == f"data:image/png;base64,{data}"
            await tab.ask("And again?")
            *_, later = stage.asked()
            assert data not in str(later), "only text is sent again"
        await person.close()


async def test_nobody_can_open_another_persons_file(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        ann, bob = await stage.person(), await stage.person()
        ticket = await ann.upload(png(8, 8), "mine.png")
        assert await ann.download(ticket)
        answer = await bob.visitor.http.get(f"/media/{ticket}")
        assert answer.status_code in (403, 404)
        await ann.close()
        await bob.close()
