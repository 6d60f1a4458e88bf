"""What was seen where it does not belong."""

from collections.abc import Iterator

from core.model import person_key
from prove.simulation.evidence import Evidence, of
from prove.simulation.relay import MARK


def leaked(seen: Evidence) -> Iterator[str]:
    yield from _into_prompts(seen)
    yield from _into_answers(seen)


def _into_prompts(seen: Evidence) -> Iterator[str]:
    for ask in seen.entries["asked"]:
        if not ask.marks:
            yield f"request {ask.number} asks nothing that anybody asked"
            continue
        post = seen.by_mark[ask.marks[-1]]
        own = {f"P:{post.address.bot};"}
        for mark in {*ask.told, *ask.marks} - own:
            if _owner(seen, mark) != post.owner:
                yield f"{mark} in the prompt of {of(post)}"
        if ask.user != f"user {person_key(post.address)}":
            yield f"{of(post)} was asked in the name of {ask.user}"
        if post.kind == "aside":
            yield f"{of(post)} was not for the bot"


def _into_answers(seen: Evidence) -> Iterator[str]:
    for entry in seen.entries["shown"]:
        post = seen.posts.get((entry.bot, entry.answers))
        if post is None:
            yield f"an answer in chat {entry.chat} of {entry.bot} to what nobody had sent"
            continue
        if entry.chat != post.address.chat:
            yield f"the answer to {of(post)} was shown in chat {entry.chat}"
        for mark in MARK.findall(entry.text):
            if _owner(seen, mark) != post.owner:
                yield f"{mark} in the answer to {of(post)}"


def _owner(seen: Evidence, mark: str) -> str:
    if mark in seen.by_mark:
        return seen.by_mark[mark].owner
    return seen.answer_owner.get(mark, "")
