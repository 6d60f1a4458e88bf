"""What a person says, made a message as QQ's app makes it."""

from bots.sandbox.onebot.account import Account
from bots.sandbox.onebot.piece import At, Media, Piece, Reply, Text
from bots.sandbox.town.town import Place, Unspoken, Utterance
from core.errors import MediaError


class Mouth:
    """All raise Unspoken for what cannot be said."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def pieces(self, said: Utterance, place: Place) -> tuple[Piece, ...]:
        """The quote, the mention, the words, the file: in this order."""
        pieces = _joined([*self._quoted(said), *await self._said(said, place)])
        if not pieces:
            raise Unspoken("expected words or a file, got neither")
        return tuple(pieces)

    def _quoted(self, said: Utterance) -> list[Piece]:
        if not said.reply_to:
            return []
        message = self._account.archive.of_line(said.reply_to)
        if message is None:
            raise Unspoken(f"expected a line that was said, got {said.reply_to}")
        reply: list[Piece] = [Reply(message.id)]
        return [*reply, At(message.sender), Text(" ")] if message.place.group else reply

    async def _said(self, said: Utterance, place: Place) -> list[Piece]:
        pieces: list[Piece] = (
            [At(self._account.self_id), Text(" ")] if said.mention and place.group else []
        )
        if said.text:
            pieces.append(Text(said.text))
        if said.kind not in ("text", "notice"):
            pieces.append(await self._media(said))
        return pieces

    async def _media(self, said: Utterance) -> Media:
        try:
            match said.kind:
                case "image":
                    return self._account.files.picture(said.content)
                case "voice":
                    return await self._account.files.voice(
                        said.content, self._account.flavour.voice
                    )
                case "video":
                    return self._account.files.file("video", said.content, said.name)
                case _:
                    return self._account.files.file("file", said.content, said.name)
        except MediaError as error:
            raise Unspoken(str(error)) from error


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Words side by side are one segment, as QQ has them."""
    joined: list[Piece] = []
    for piece in pieces:
        match (joined[-1] if joined else None, piece):
            case (Text(before), Text(text)):
                joined[-1] = Text(before + text)
            case _:
                joined.append(piece)
    return joined
