"""The `logprobs` of a completion. The sandbox never chooses: each token's probability is 1."""

from collections.abc import Sequence
from itertools import accumulate

CERTAIN = 0.0


def logprobs_of(
    said: Sequence[str], wanted: int | None, *, before: Sequence[str] = (), start: int = 0
) -> dict[str, object] | None:
    """OpenAI's object for the tokens `said`; None where none was asked for.

    Tokens of an echoed prompt stand `before`, and have no probability. `start` is how many
    characters came earlier.
    """
    if wanted is None:
        return None
    tokens = [*before, *said]
    unknown = [None] * len(before)
    return {
        "tokens": tokens,
        "token_logprobs": [*unknown, *(CERTAIN for _ in said)],
        "top_logprobs": [*unknown, *({token: CERTAIN} for token in said)] if wanted else None,
        "text_offset": list(accumulate(map(len, tokens), initial=start))[:-1],
    }
