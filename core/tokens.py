"""Token counts where a relay tells none."""

import re
from math import ceil

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


def estimate_tokens(text: str) -> int:
    """Chinese characters + words × 1.3, rounded up (zhizengzeng's own formula, November 2026)."""
    chinese = len(_CHINESE.findall(text))
    words = len(_CHINESE.sub(" ", text).split())
    return ceil(chinese + words * 1.3)
