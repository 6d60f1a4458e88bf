"""Relays that run one-api or new-api (https://github.com/songquanpeng/one-api, November 2026).

What a key meets is in its name: it holds `wrong`, `expired`, `used-up`, `short` or `limited`.
A model that the sandbox does not have has no channel.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import structs

from bots.sandbox.dialects.checks import heard
from bots.sandbox.dialects.dialect import Asked, Complaint, Dialect, Row, Rules
from bots.sandbox.failure import Refusal
from bots.sandbox.models import MODELS

KEYS: Mapping[str, tuple[int, str, str]] = MappingProxyType(
    {
        "wrong": (401, "无效的令牌", ""),
        "expired": (401, "该令牌已过期", ""),
        "used-up": (401, "该令牌额度已用尽", ""),
        "short": (403, "user quota is not enough", "insufficient_user_quota"),
        "limited": (429, "too many requests", ""),
    }
)
"""From a word in the key to status, message and code."""

NOT_WRITTEN: tuple[Row, ...] = (
    "POST /v1/files",
    "GET /v1/files/{id}/content",
    "POST /v1/batches",
    "GET /v1/batches/{id}",
    "POST /v1/fine_tuning/jobs",
    "GET /v1/fine_tuning/jobs/{id}",
)

QUOTA: tuple[Row, ...] = (
    "GET /api/usage/token/",
    "GET /v1/dashboard/billing/subscription",
    "GET /v1/dashboard/billing/usage",
    "GET /api/status",
)
"""The first is new-api's, the others both have."""


def admit(key: str) -> None:
    if not key:
        raise Refusal(401, "未提供令牌")
    for word, (status, message, code) in KEYS.items():
        if word in key:
            raise Refusal(status, message, code=code or None)


def not_written(asked: Asked) -> None:
    del asked
    raise Refusal(501, "API not implemented", code="api_not_implemented")


def complain(complaint: Complaint) -> Complaint:
    """Codes may be numbers or missing; waiting times are not told."""
    if complaint.path.startswith("/api/"):
        body: dict[str, object] = {"success": False, "message": complaint.message}
        return structs.replace(complaint, status=200, body=body)
    status, message, code = complaint.status, complaint.message, complaint.code
    if code == "model_not_found":
        status, message, code = 503, f"当前分组 default 下对于该模型无可用渠道 ({message})", None
    error: dict[str, object] = {"message": message, "type": "one_api_error"}
    if status == 429:
        error["code"] = 429
    elif code is not None:
        error |= {"code": code, "param": ""}
    headers = {name: text for name, text in complaint.headers.items() if name != "retry-after"}
    return structs.replace(complaint, status=status, body={"error": error}, headers=headers)


def _served(skill: str) -> tuple[str, ...]:
    return tuple(name for name, what in MODELS.items() if what == skill)


DIALECT = Dialect(
    name="oneapi",
    admit=admit,
    complain=complain,
    calls={
        "GET /v1/models": Rules(model=None),
        "POST /v1/chat/completions": Rules(models=_served("chat")),
        "POST /v1/completions": Rules(),
        "POST /v1/edits": Rules(),
        "POST /v1/embeddings": Rules(),
        "POST /v1/images/generations": Rules(models=_served("images"), model="dall-e-2"),
        "POST /v1/audio/speech": Rules(models=_served("speech")),
        "POST /v1/audio/transcriptions": Rules(model="whisper-1", checks=heard()),
        "POST /v1/audio/translations": Rules(model="whisper-1", checks=heard()),
        **{row: Rules(model=None) for row in QUOTA},
        **{row: Rules(model=None, checks=(not_written,)) for row in NOT_WRITTEN},
    },
)
