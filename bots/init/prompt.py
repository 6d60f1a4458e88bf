"""Questions at a terminal, in the person's language."""

import getpass
import re
import sys
from collections.abc import Sequence

from bots.texts.catalogue import Catalogue
from core.errors import ConfigError
from core.model import Language

BETWEEN = re.compile(r"[\s,，、]+")


class Ended(Exception):
    """The person closed the input: nothing is written."""


class Prompt:
    """Asks on standard error and reads standard input, so that pipes stay clean.

    Without a terminal nobody is asked: every question has its default, and one
    that has none raises ConfigError, naming the option that answers it.
    """

    def __init__(self, texts: Catalogue, language: Language) -> None:
        self._texts = texts
        self.language = language
        self.interactive = sys.stdin.isatty()

    def words(self, code: str, **params: object) -> str:
        return self._texts.say(code, self.language, **params)

    def say(self, code: str, **params: object) -> None:
        sys.stderr.write(self.words(code, **params) + "\n")

    def ask(self, code: str, default: str | None, option: str = "", **params: object) -> str:
        """One line; an empty one means the default."""
        if not self.interactive:
            if default is None:
                raise ConfigError(f"expected a terminal to ask at, or the option {option}")
            return default
        hint = f" [{default}]" if default else ""
        answer = read_line(f"{self.words(code, **params)}{hint} ")
        return answer or default or self.ask(code, default, option, **params)

    def optional(self, code: str, **params: object) -> str:
        """One line, which may be empty."""
        return read_line(f"{self.words(code, **params)} ") if self.interactive else ""

    def hidden(self, code: str, option: str) -> str:
        """A secret; it does not show while it is typed."""
        if not self.interactive:
            raise ConfigError(f"expected a terminal to ask at, or the option {option}")
        try:
            return getpass.getpass(f"{self.words(code)} ").strip()
        except EOFError as error:
            raise Ended from error

    def agree(self, code: str, *, default: bool, **params: object) -> bool:
        yes, no = self.words("yes"), self.words("no")
        usual = yes if default else no
        answer = self.ask(code, usual, "", hint=f"{yes}/{no}", **params).lower()
        return answer in {yes, "y", "yes", "是", "好"}

    def choose(self, code: str, choices: Sequence[str], option: str = "") -> int:
        """The place of one of the choices, from 0; the first is the default."""
        if not self.interactive:
            self.ask(code, None, option)
        while True:
            chosen = self.choose_several(code, choices)
            if len(chosen) == 1:
                return chosen[0]

    def choose_several(self, code: str, choices: Sequence[str]) -> Sequence[int]:
        """As `choose`, with commas or spaces between numbers; in the choices' order."""
        self.say(code)
        for number, choice in enumerate(choices, 1):
            sys.stderr.write(f"  {number}. {choice}\n")
        while True:
            words = BETWEEN.split(read_line("> [1] ") or "1")
            chosen = {int(word) - 1 for word in words if word.isdecimal()}
            if len(chosen) == len(words) and chosen <= set(range(len(choices))):
                return sorted(chosen)
            self.say("choose_a_number", last=len(choices))


def read_line(shown: str) -> str:
    sys.stderr.write(shown)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise Ended
    return line.strip()
