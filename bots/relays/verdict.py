"""What a call's failure says about whether the relay serves it. Pure."""

import re

from core.errors import RelayError, RelayInvalid, RelayUnsupported
from core.relay.dialect import Capability
from core.relay.failure import denies_call

REASON_CHARS = 60
_OWN_WORDS = re.compile(r"\((.*)\)\. ")
_THING = re.compile(r"\b(file|batch|job|fine.?tun\w*|training|object|id)\b|文件|任务|批")
_MISSING = re.compile(r"no such|not (be )?f(ou)?nd|could not find|not exist|invalid|不存在|找不到")


def verdict_of(error: RelayError, asked_for: str = "") -> Capability | None:
    """None where the failure leaves it open. `asked_for` is the id in the request, if any:
    one that is not there shows as well as another whether somebody looks for it."""
    if asked_for and error.status in (400, 404, 422) and about_the_id(error, asked_for):
        return "yes"
    if denies_call(error) or (asked_for and error.status == 404):
        return "no"
    return None


def about_the_id(error: RelayError, asked_for: str) -> bool:
    """Whether the relay looked for the id, and did not only know no such address.

    OpenAI says "No such File object: file-…", "No batch found with id 'batch_…'",
    "Could not find fine tune: ftjob-…"; a server without the call says "404 page not
    found" (Go), "Invalid URL (GET /v1/batches/…)" (OpenAI, one-api), "Not Found" (Starlette).
    """
    words = " ".join(word for word in own_words(error).lower().split() if "/" not in word)
    return asked_for in words or bool(_THING.search(words) and _MISSING.search(words))


def own_words(error: RelayError) -> str:
    """What the relay itself said; our sentences have it in parentheses."""
    found = _OWN_WORDS.search(f"{error} ")
    return found[1] if found else ""


def reason(error: RelayError, relay: str, verdict: Capability | None) -> str:
    """In a few words: what came, without our remedy."""
    if verdict == "no":
        return _cut(f"{error.status}: no such call ({own_words(error)})".removesuffix(" ()"))
    text = str(error).removeprefix(f'relay "{relay}": ').partition(". ")[0]
    text = re.sub(r" from /\S+:", ":", text, count=1)
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= REASON_CHARS else text[:REASON_CHARS] + "…"


def is_refusal(error: RelayError) -> bool:
    """Whether the relay said no, rather than failed."""
    return isinstance(error, RelayUnsupported | RelayInvalid) or 400 <= error.status < 500
