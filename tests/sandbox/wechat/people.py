"""Who talks to the account here, and what they send."""

from pathlib import Path

from bots.sandbox.town.town import Utterance
from bots.sandbox.wechat.wechat import OPENIDS

ANN, BEN, *_ = OPENIDS
PNG = b"\x89PNG\r\n\x1a\n and so on"
SPOKEN = (Path(__file__).parents[2] / "clips" / "garden.ogg").read_bytes()


def says(text: str = "", person: str = ANN, **fields) -> Utterance:
    return Utterance(place=person, person=person, text=text, **fields)
