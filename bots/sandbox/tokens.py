"""The sandbox's tokens: a Chinese, Japanese or Korean character, or up to 8 others of a word."""

import re
from collections.abc import Sequence

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"\s*[{_CJK}]|\s*[^\s{_CJK}]{{1,8}}|\s+")
_CHINESE = re.compile(f"[{_CJK}]")


def tokens(text: str) -> Sequence[str]:
    """Cut text into tokens; joined they are the text again."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    return len(_TOKEN.findall(text))


def is_chinese(text: str) -> bool:
    """Whether any character is of a Chinese, Japanese or Korean script."""
    return _CHINESE.search(text) is not None
