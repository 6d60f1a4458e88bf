"""Errors in envelopes, and errors that one relay tells otherwise than all."""

from dataclasses import replace

import pytest

from core.errors import (
    RelayError,
    RelayForbidden,
    RelayGarbage,
    RelayInvalid,
    RelayRateLimited,
    RelayTooLarge,
    RelayUnauthorized,
    RelayUnavailable,
    RelayUnsupported,
    RelayUsedUp,
)
from core.relay.decode import decode_chat, decode_models
from core.relay.dialect import Call, ErrorRule, Failure
from core.relay.failure import Origin, denies_call, read_complaint, refusal
from core.relay.refusals import told_rule
from core.relay.retry import repeatable
from core.relay.transport import Transport
from core.request import CompletionRequest
from tests.relays.calls import gathered, saying, serving, streaming
from tests.relays.stage import KEY, ORIGIN, ask, event, payload

ENVELOPED = replace(ORIGIN, envelope=True)
WHOLE = b'"choices":[{"message":{"content":"hi"}}]'


def test_code_0_and_no_code_are_success() -> None:
    for code in (b'"code":0,"msg":"",', b'"code":"0",', b'"code":null,', b""):
        answer = decode_chat(b"{" + code + WHOLE + b"}", ask(), ENVELOPED)
        assert answer.text == "hi"


@pytest.mark.parametrize("code", [b"17", b'"17"', b"-1"])
def test_any_other_code_is_the_error_in_msg(code: bytes) -> None:
    body = b'{"code":' + code + b',"msg":"no luck",' + WHOLE + b"}"
    with pytest.raises(RelayUnavailable, match=r"200 from .*\(no luck\)"):
        decode_chat(body, ask(), ENVELOPED)


def test_an_envelope_is_understood_where_the_profile_does_not_promise_one() -> None:
    with pytest.raises(RelayUnavailable, match=r"\(no luck\)"):
        decode_models(b'{"code":17,"msg":"no luck"}', ORIGIN)
    with pytest.raises(RelayUnavailable, match=r"\(no luck\)"):
        decode_models(b'{"code":17,"msg":"no luck","choices":[]}', ORIGIN)
    assert decode_chat(b'{"code":17,"msg":"odd",' + WHOLE + b"}", ask(), ORIGIN).text == "hi"
    with pytest.raises(RelayGarbage):
        decode_models(b'{"code":17}', ORIGIN)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"code":401,"msg":"who"}', RelayUnauthorized),
        (b'{"code":"429","msg":"slow"}', RelayRateLimited),
        ('{"code":8,"msg":"余额不足"}'.encode(), RelayUsedUp),
        (
            '{"success":false,"message":"无权进行此操作，未登录且未提供 access token"}'.encode(),
            RelayUnauthorized,
        ),
        (b'{"success":false,"message":"insufficient_user_quota"}', RelayUsedUp),
    ],
)
def test_the_words_in_an_answer_of_status_200_tell(body: bytes, kind: type[RelayError]) -> None:
    with pytest.raises(kind):
        decode_chat(body, ask(), ORIGIN)


async def test_an_envelope_of_failure_is_an_error_over_a_socket(transport: Transport) -> None:
    answer = saying(b'{"code":3,"msg":"messages are wrong"}')
    async with serving(answer, transport, dialect={"envelope": True}) as (made, _):
        with pytest.raises(RelayUnavailable, match="messages are wrong"):
            await made.call(ask())
        with pytest.raises(RelayUnavailable, match="messages are wrong"):
            await gathered(made)


async def test_an_envelope_of_failure_ends_a_stream(transport: Transport) -> None:
    broken = b'data: {"code":3,"choices":[{"delta":{"content":"b"}}]}\n\n'
    answer = streaming(event("a"), broken, event("c", "stop"))
    async with serving(answer, transport, dialect={"envelope": True}) as (made, _):
        with pytest.raises(RelayUnavailable):
            await gathered(made)
    async with serving(answer, transport) as (made, _):
        assert "".join(chunk.text for chunk in await gathered(made)) == "abc"


async def test_a_relays_own_estimate_is_marked_as_one(transport: Transport) -> None:
    settings = {"dialect": {"usage_estimated": True}}
    async with serving(saying(payload("zhizengzeng_chat.json")), transport, **settings) as (
        made,
        _,
    ):
        usage = (await made.call(ask())).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.estimated) == (470, 198, True)
    told = {"prompt_tokens": 3, "completion_tokens": 2}
    async with serving(streaming(event("a", "stop", usage=told)), transport, **settings) as (
        made,
        _,
    ):
        *_, last = await gathered(made)
    assert last.usage
    assert (last.usage.prompt_tokens, last.usage.estimated) == (3, True)
    body = b'{"choices":[{"text":"a"}],"usage":{"prompt_tokens":1}}'
    async with serving(saying(body), transport, **settings) as (made, _):
        assert (await made.call(CompletionRequest(prompt="a"))).usage.estimated


# -- used up, forbidden, wrong -------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 429])
@pytest.mark.parametrize(
    "error",
    [
        '{"message":"该令牌额度已用尽","type":"one_api_error"}',
        '{"message":"x","code":"insufficient_user_quota"}',
        '{"message":"pre_consume_token_quota_failed","code":7}',
        '{"message":"You exceeded your current quota","code":null}',
    ],
)
def test_a_used_up_key_is_told_from_a_wrong_one_by_words_alone(status: int, error: str) -> None:
    told = refusal(ORIGIN, status, read_complaint(f'{{"error":{error}}}'.encode()))
    assert type(told) is RelayUsedUp
    assert isinstance(told, RelayForbidden)
    assert not repeatable(told)
    assert "Top it up" in str(told)


@pytest.mark.parametrize("words", ["无效的令牌", "该令牌已过期", ""])
def test_a_wrong_or_expired_key_is_no_used_up_one(words: str) -> None:
    told = refusal(ORIGIN, 401, read_complaint(f'{{"error":{{"message":"{words}"}}}}'.encode()))
    assert type(told) is RelayUnauthorized


def test_a_refused_stat_token_is_looked_for_under_its_own_setting() -> None:
    origin = Origin("main", "user_stat", "/api/user/stat", (KEY,), setting="stat_token")
    assert "Check relays.main.stat_token." in str(refusal(origin, 401, read_complaint(b"")))


# -- a profile's own rules -----------------------------------------------------

KINDS: dict[Failure, type[RelayError]] = {
    "unauthorized": RelayUnauthorized,
    "forbidden": RelayForbidden,
    "used_up": RelayUsedUp,
    "rate_limited": RelayRateLimited,
    "unavailable": RelayUnavailable,
    "invalid": RelayInvalid,
    "too_large": RelayTooLarge,
    "unsupported": RelayUnsupported,
}


@pytest.mark.parametrize(("failure", "kind"), KINDS.items())
def test_a_profiles_rule_comes_before_the_common_ones(
    failure: Failure, kind: type[RelayError]
) -> None:
    rules = (told_rule(ErrorRule(failure=failure, statuses=(418,))),)
    told = refusal(replace(ORIGIN, rules=rules), 418, read_complaint(b'{"error":{"message":"x"}}'))
    assert type(told) is kind
    assert type(refusal(ORIGIN, 418, read_complaint(b""))) is RelayInvalid


@pytest.mark.parametrize(
    ("body", "hit"),
    [
        (b'{"error":{"code":"E7","message":"Balance Low"}}', True),
        (b'{"error":{"code":"E8","message":"Balance Low"}}', False),
        (b'{"error":{"code":"E7","message":"other"}}', False),
    ],
)
def test_a_rule_wants_all_that_it_names(body: bytes, hit: bool) -> None:
    rule = ErrorRule(failure="used_up", statuses=(400,), codes=("E7",), words=("Balance low",))
    told = refusal(replace(ORIGIN, rules=(told_rule(rule),)), 400, read_complaint(body))
    assert isinstance(told, RelayUsedUp) is hit


async def test_a_profiles_rules_are_heeded_over_a_socket(transport: Transport) -> None:
    errors = (ErrorRule(failure="used_up", statuses=(418,)),)
    async with serving(saying(b"", 418), transport, dialect={"errors": errors}) as (made, _):
        with pytest.raises(RelayUsedUp):
            await made.call(ask())


# -- what denies a call --------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "status", "body", "denied"),
    [
        ("speech", 404, b"", True),
        ("speech", 405, b"", True),
        ("speech", 501, b'{"error":{"message":"API not implemented"}}', True),
        ("speech", 404, b'{"error":{"message":"Invalid URL (POST /v1/audio/speech)"}}', True),
        ("speech", 404, b'{"error":{"code":"model_not_found"}}', False),
        ("speech", 404, b'{"error":{"message":"The model `x` does not exist"}}', False),
        ("speech", 503, b"", False),
        ("speech", 301, b"", False),
        ("batch_status", 404, b'{"error":{"message":"No batch batch_1"}}', False),
        ("batch_status", 404, b'{"error":{"message":"Invalid URL (GET /v1/batches/1)"}}', True),
        ("batch_status", 404, b'{"error":{"code":"unknown_url","message":"No such URL"}}', True),
        ("batch_status", 404, b"404 page not found", True),
        ("batch_status", 404, b"Cannot GET /v1/batches/1", True),
        ("fine_tune_status", 200, b'{"code":404,"msg":"There is no GET /v1/x here"}', True),
        ("fine_tune_status", 200, b'{"code":404,"msg":"No such job"}', False),
        ("file_content", 405, b"", True),
    ],
)
def test_only_a_call_that_is_not_there_is_denied(
    call: Call, status: int, body: bytes, denied: bool
) -> None:
    origin = Origin("main", call, "/v1/x", (KEY,))
    assert denies_call(refusal(origin, status, read_complaint(body))) is denied


def test_an_id_that_is_not_known_is_no_call_that_is_not_served() -> None:
    origin = Origin("main", "batch_status", "/v1/batches/{id}", (KEY,))
    told = refusal(origin, 404, read_complaint(b'{"error":{"message":"No batch"}}'))
    assert type(told) is RelayInvalid
    assert "nothing by this id (No batch)" in str(told)
