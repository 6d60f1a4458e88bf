"""The sentences for people, by code and language."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from core.errors import ConfigError

GROUP = "parley.texts"
"""The entry-point group of installed texts. Each entry's value names a package with TOML files."""

FALLBACK = "en"
UNKNOWN = "internal"
MISSING = "…"

_HOLE = re.compile(r"\{(\w+)\}")


class Catalogue:
    """Texts from `<language>.toml` files: `code = "sentence with {params}"`.

    Read once, when made. A later folder's sentence replaces an earlier one's.
    Raises ConfigError if a file is not of this form.
    """

    def __init__(self, *folders: Traversable) -> None:
        self._sentences: dict[str, dict[str, str]] = {}
        for folder in (Path(__file__).parent, *folders):
            for file in folder.iterdir():
                if file.name.endswith(".toml"):
                    language = file.name.removesuffix(".toml").lower()
                    self._sentences.setdefault(language, {}).update(_read(file))

    def say(self, code: str, language: str, /, **params: object) -> str:
        """The sentence for `code`, its holes filled once, with what `params` hold as text.

        "zh-CN" is served by "zh"; an unknown language by English; an unknown code
        by the sentence for an error nobody foresaw.
        """
        sentence = self._sentence(code, language) or self._sentence(UNKNOWN, language)
        # Never str.format: it would let a text reach into the objects (CVE-2024-21624 in nonebot2).
        return _HOLE.sub(lambda hole: str(params.get(hole[1], MISSING)), sentence)

    def _sentence(self, code: str, language: str) -> str:
        primary = language.lower().replace("_", "-").partition("-")[0]
        texts = (self._sentences.get(name, {}) for name in (language, primary, FALLBACK))
        return next((text[code] for text in texts if code in text), "")


def installed_texts(plugins: Iterable[EntryPoint] | None = None) -> list[Traversable]:
    """The folders of installed texts, for a Catalogue. Raises ConfigError if one is not there."""
    points = entry_points(group=GROUP) if plugins is None else plugins
    return [_folder(point) for point in points]


def _folder(point: EntryPoint) -> Traversable:
    try:
        return files(point.module)
    except ImportError as error:
        raise ConfigError(
            f"expected a package with texts at {point.value}, got {error}; install or remove it"
        ) from error


def _read(file: Traversable) -> dict[str, str]:
    try:
        sentences = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"expected TOML in UTF-8 in {file}, got {error}; mend it") from error
    wrong = [code for code, sentence in sentences.items() if not isinstance(sentence, str)]
    if wrong:
        raise ConfigError(
            f'expected code = "sentence" alone in {file}, got something else '
            f"under {', '.join(wrong)}; write each as one string"
        )
    return sentences
