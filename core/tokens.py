"""Token counts where a relay tells none."""

import re
from math import ceil

from core.request import ChatRequest
from core.response import Usage

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


def estimate_tokens(text: str) -> int:
    """Chinese characters + words × 1.3, rounded up (zhizengzeng's own formula, November 2026)."""
    chinese = len(_CHINESE.findall(text))
    words = len(_CHINESE.sub(" ", text).split())
    return ceil(chinese + words * 1.3)


def estimated_usage(request: ChatRequest, answer: str) -> Usage:
    return Usage(
        prompt_tokens=sum(estimate_tokens(message.content) for message in request.messages),
        completion_tokens=estimate_tokens(answer),
        estimated=True,
    )
