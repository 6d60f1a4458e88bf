"""`GET /api/user/stat`, as burn.hair answers it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec import Struct

from core.relay.decode import Answer, Whole, read_answer
from core.relay.failure import Origin
from core.response import AccountStat, TokenStat, UserStat


class _Token(Struct):
    """Dollar fields are left out: they are rounded here and there, the integers are not."""

    key: str
    status: str
    name: str
    created_time: str
    accessed_time: str
    expired_time: str
    remain_quota: Whole
    unlimited_quota: bool
    used_quota: Whole


class _Account(Struct):
    free_quota: Whole
    bonus_quota: Whole
    paid_quota: Whole
    total_quota: Whole
    used_quota: Whole
    request_count: Whole


class _StatAnswer(Answer):
    token: tuple[_Token, ...] = ()
    user: _Account | None = None


_STAT: msgspec.json.Decoder[_StatAnswer] = msgspec.json.Decoder(_StatAnswer)


def hash_token(key: str, hash_key: bytes) -> str:
    """The keyed hash by which a token is known. With or without `sk-` is the same token."""
    digest = blake2b(key.removeprefix("sk-").encode(), key=hash_key[:64], digest_size=16)
    return digest.hexdigest()


def decode_user_stat(
    body: bytes,
    own_keys: Sequence[str],
    hash_key: bytes,
    origin: Origin,
    aliases: Sequence[str] = (),
) -> UserStat:
    """Tokens and account; `own` marks those whose key is one of `own_keys`, `aliases` are
    their names."""
    answer = read_answer(body, _STAT, origin)
    if answer.user is None:
        raise origin.garbage("JSON of an unknown form")
    names = zip_longest(own_keys, aliases[: len(own_keys)], fillvalue="")
    own = {hash_token(key, hash_key): alias for key, alias in names if key}
    fields: dict[str, Any] = msgspec.structs.asdict(answer.user)
    try:
        tokens = tuple(_token(row, own, hash_key) for row in answer.token)
    except ValueError as error:
        raise origin.garbage("a time that is neither `YYYY-MM-DD HH:MM:SS` nor `never`") from error
    return UserStat(tokens=tokens, account=AccountStat(**fields))


def _token(row: _Token, own: Mapping[str, str], hash_key: bytes) -> TokenStat:
    key_hash = hash_token(row.key, hash_key)
    return TokenStat(
        name=row.name,
        status=row.status,
        last4=row.key[-4:],
        key_hash=key_hash,
        created_at=_time(row.created_time),
        last_used_at=_time(row.accessed_time),
        expires_at=_time(row.expired_time),
        remain_quota=row.remain_quota,
        unlimited=row.unlimited_quota,
        used_quota=row.used_quota,
        own=key_hash in own,
        alias=own.get(key_hash, ""),
    )


def _time(text: str) -> datetime | None:
    if text == "never":
        return None
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
