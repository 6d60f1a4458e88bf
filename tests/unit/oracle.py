"""The trimming rule, told a second time: slow, plain, and apart from core/history.py.

The rule (docs of the project, "What the model is sent"): a pair is what one
message's person said and what it was answered, both complete, both with text.
Of the pairs of a conversation, in the order in which they were said, the model
is sent as many of the latest as fit: persona, pairs and new message together
have at most `limit` characters. Characters are code points.
"""

from collections.abc import Sequence

from core.model import Limit, Turn, TurnState


class TooLong(Exception):
    """The new message does not fit beside the persona."""


def remembered(
    turns: Sequence[Turn], new_text: str, persona: str, limit: Limit
) -> list[tuple[str, str]]:
    """(role, text) of everything that goes to the model, without the persona."""
    room = float("inf") if limit == "unlimited" else limit - len(persona)
    if len(new_text) > room:
        raise TooLong
    pairs = all_pairs(turns)
    for forgotten in range(len(pairs) + 1):
        talk = [side for pair in pairs[forgotten:] for side in pair]
        talk.append(("user", new_text))
        if sum(len(text) for _, text in talk) <= room:
            return talk
    raise AssertionError("the new message alone fits, so some suffix does")


def all_pairs(turns: Sequence[Turn]) -> list[list[tuple[str, str]]]:
    pairs = []
    for question in turns:
        if question.role == "user" and counts(question):
            pairs += [
                [("user", question.text), ("assistant", answer.text)]
                for answer in turns
                if answer.role == "assistant"
                and answer.message_id == question.message_id
                and counts(answer)
            ]
    return pairs


def counts(turn: Turn) -> bool:
    return turn.state == TurnState.COMPLETE and turn.text.strip() != ""
