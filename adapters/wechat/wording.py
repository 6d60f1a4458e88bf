"""The adapter's own sentences: hints below answers, notices, greetings."""

from dataclasses import dataclass

from adapters.wechat.format import Saying, Words, with_hint
from adapters.wechat.settings import Settings
from core.model import Language
from core.ports.texts import Texts


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
        self, saying: Saying, index: int, total: int, *, more: bool, repeated: bool = False
    ) -> Saying:
        """With what the person must know: that parts follow, or that others wait (`more`)."""
        if repeated:
            saying = self.again(saying)
        if index + 1 < total:
            hint = self.say("wechat_part", number=index + 1, total=total, word=self._word)
            return with_hint(saying, hint)
        return with_hint(saying, self.say("wechat_more", word=self._word) if more else "")

    def late(self, saying: Saying) -> Saying:
        """A notice, and how to get the answer once it is there."""
        if self.settings.customer_service:
            return saying
        return with_hint(saying, self.say("wechat_later", word=self._word))

    def again(self, saying: Saying, *, more: bool = False) -> Saying:
        """What the person may have seen already; with the hint of others, unless it has it."""
        if not isinstance(saying, Words):
            return saying
        told = Words(text=f"{self.say('wechat_again')}\n{saying.text}")
        hint = self.say("wechat_more", word=self._word) if more else ""
        return told if hint in saying.text else with_hint(told, hint)

    @property
    def _word(self) -> str:
        """The one of the words that is of the bot's language."""
        words = self.settings.more_words
        return next((w for w in words if w.isascii() is (self.language == "en")), words[0])

    def say(self, code: str, **params: object) -> str:
        return self.texts.say(code, self.language, **params)
