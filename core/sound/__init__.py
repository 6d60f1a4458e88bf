"""Sound as platforms and relays want it: recognised by its first bytes, read, written anew.

Everything here blocks, for about a hundredth of the time that is spoken; from
a coroutine call it by `asyncio.to_thread`. All raise MediaError.
"""

from core.sound.encode import to_amr, to_mp3, to_ogg_opus, to_silk, to_wav
from core.sound.format import sniff
from core.sound.pcm import duration_s

__all__ = ["duration_s", "sniff", "to_amr", "to_mp3", "to_ogg_opus", "to_silk", "to_wav"]
