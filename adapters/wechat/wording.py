"""The adapter's own sentences: hints below answers, notices, greetings."""

from dataclasses import dataclass
from enum import Enum

from adapters.wechat.format import Saying, Words, with_hint
from adapters.wechat.settings import Settings
from core.model import Language
from core.ports.texts import Texts


class Beside(Enum):
    """What there is for a person beside the answer that is told. The value marks a receipt."""

    NOTHING = ""
    WAITS = "+"
    WORKED_ON = "~"
    DOUBTFUL = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    settings: Settings
    texts: Texts
    language: Language

    @property
    def welcome(self) -> str:
        return self.settings.welcome or self.say("wechat_welcome")

    @property
    def thinking(self) -> str:
        """There is no answer yet, and how to get it."""
        return self.say("wechat_thinking", word=self._word)

    @property
    def nothing_waits(self) -> str:
        return self.say("wechat_nothing_waits")

    @property
    def busy(self) -> str:
        return self.say("busy")

    @property
    def set_aside(self) -> str:
        return self.say("set_aside")

    def asks_for_more(self, text: str) -> bool:
        asked = text.strip().strip("。.!！“”\"'").casefold()
        return any(asked == word.strip().casefold() for word in self.settings.more_words)

    def dressed(
        self,
        saying: Saying,
        index: int,
        total: int,
        beside: Beside = Beside.NOTHING,
        *,
        repeated: bool = False,
    ) -> Saying:
        """With what the person must know: that it may be known to him, that parts follow, or
        what there is beside."""
        if repeated and isinstance(saying, Words):
            saying = Words(text=f"{self.say('wechat_again')}\n{saying.text}")
        if index + 1 < total:
            hint = self.say("wechat_part", number=index + 1, total=total, word=self._word)
            return with_hint(saying, hint)
        return with_hint(saying, self._hint(beside))

    def late(self, saying: Saying) -> Saying:
        """A notice, and how to get the answer once it is there."""
        if self.settings.customer_service:
            return saying
        return with_hint(saying, self.say("wechat_later", word=self._word))

    def _hint(self, beside: Beside) -> str:
        match beside:
            case Beside.WAITS:
                return self.say("wechat_more", word=self._word)
            case Beside.WORKED_ON:
                return self.say("wechat_working", word=self._word)
            case Beside.DOUBTFUL:
                return self.say("wechat_doubtful", word=self._word)
            case Beside.NOTHING:
                return ""

    @property
    def _word(self) -> str:
        """The one of the words that is of the bot's language."""
        words = self.settings.more_words
        return next((w for w in words if w.isascii() is (self.language == "en")), words[0])

    def say(self, code: str, **params: object) -> str:
        return self.texts.say(code, self.language, **params)
