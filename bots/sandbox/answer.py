"""What the sandbox says. Pure: the same view gets the same answer."""

import re
from collections.abc import Sequence

from msgspec import Struct

from bots.sandbox.header import Seen
from bots.sandbox.prompt import View
from bots.sandbox.tokens import is_chinese, tokens

ECHO_CHARS = 200
EDGE_WORDS = 6
EDGE_CHINESE_CHARS = 12
COUNT_LIMIT = 1000

_COUNT = re.compile(r"\bcount\s+(?:up\s+)?to\s+(\d{1,4})\b|数到\s*(\d{1,4})", re.IGNORECASE)
_HELLO = re.compile(r"^\s*(?:hello|hi|hey|good (?:morning|evening)|你好|您好|嗨)", re.IGNORECASE)


class Phrases(Struct, frozen=True, kw_only=True):
    """The sentences of one language."""

    hello: str
    echo: str
    turn: str
    turns: str
    memory: str
    persona: str
    saw: str
    link: str
    reasoning: str
    markdown: str
    gap: str


ENGLISH = Phrases(
    hello="Hello! ",
    echo="You said: “{echo}”",
    turn="1 turn",
    turns="{count} turns",
    memory="I was given {turns} of our talk, {characters} characters, from “{first}” to “{last}”.",
    persona="My persona begins “{first}”.",
    saw="I see a {kind} picture, {width} × {height} pixels.",
    link="I see a link to a picture; the sandbox does not open links.",
    reasoning="The question has {characters} characters and is in English. "
    "I shall repeat it and tell what I remember.",
    markdown="""\
## What I can write

Some **bold** text, some *slanted* text, some `code`, and a [link](https://example.org).

### A list

1. First comes the question.
2. Then comes the answer.
   - with a remark

### Code

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

### A table

| Thing | Colour | Legs |
|---|---|---:|
| table | brown | 4 |
| stool | green | 3 |

> A quotation ends it.
""",
    gap=" ",
)

CHINESE = Phrases(
    hello="你好！",
    echo="你说：“{echo}”",
    turn="1 条消息",
    turns="{count} 条消息",
    memory="我收到 {turns}，共 {characters} 个字符，从“{first}”到“{last}”。",
    persona="我的人设开头是“{first}”。",
    saw="我看到一张 {kind} 图片，{width} × {height} 像素。",
    link="我看到一个图片链接；沙盒不会打开链接。",
    reasoning="问题有 {characters} 个字符，是中文。我会复述它，并说出我记得的内容。",
    markdown="""\
## 我会的格式

有**粗体**，有*斜体*，有 `代码`，还有[链接](https://example.org)。

### 列表

1. 先有问题。
2. 再有回答。
   - 附一句说明

### 代码

```python
def greet(name: str) -> str:
    return f"你好，{name}！"
```

### 表格

| 物品 | 颜色 | 腿数 |
|---|---|---:|
| 桌子 | 棕色 | 4 |
| 凳子 | 绿色 | 3 |

> 最后是一句引用。
""",
    gap="",
)


class Answer(Struct, frozen=True, kw_only=True):
    """An answer in tokens; `reasoning` only from the model that reasons."""

    pieces: Sequence[str]
    reasoning: Sequence[str] = ()
    finish_reason: str = "stop"

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def compose(
    seen: View, *, reasons: bool, limit: int | None, stops: Sequence[str], learned: str = ""
) -> Answer:
    """Answer what is seen, within `limit` tokens and up to the first of `stops`.

    `learned` is the answer that a fine-tuned model was taught, if it was.
    """
    phrases = CHINESE if is_chinese(seen.question) else ENGLISH
    pieces = _until(tokens(learned) or _pieces(seen, phrases), stops)
    thought = phrases.reasoning.format(characters=len(seen.question)) if reasons else ""
    cut = limit is not None and len(pieces) > limit
    return Answer(
        pieces=pieces[:limit],
        reasoning=tokens(thought),
        finish_reason="length" if cut else "stop",
    )


def _pieces(seen: View, phrases: Phrases) -> Sequence[str]:
    counted = _COUNT.search(seen.question)
    if counted:
        return _numbers(int(counted[1] or counted[2]))
    if "markdown" in seen.question.lower():
        return tokens(phrases.markdown)
    return tokens(_remarks(seen, phrases))


def _numbers(count: int) -> Sequence[str]:
    """As many pieces as there are numbers, at least one."""
    last = max(1, min(count, COUNT_LIMIT))
    return ["1", *(f" {number}" for number in range(2, last + 1))]


def _remarks(seen: View, phrases: Phrases) -> str:
    hello = phrases.hello if _HELLO.match(seen.question) else ""
    remarks = [hello + phrases.echo.format(echo=_shortened(seen.question))]
    remarks += [_picture(picture, phrases) for picture in seen.pictures]
    remarks.append(_memory(seen, phrases))
    return "\n\n".join(remarks)


def _memory(seen: View, phrases: Phrases) -> str:
    memory = phrases.memory.format(
        turns=phrases.turn if seen.turns == 1 else phrases.turns.format(count=seen.turns),
        characters=seen.characters,
        first=first_words(seen.first),
        last=last_words(seen.last),
    )
    if not seen.persona:
        return memory
    return memory + phrases.gap + phrases.persona.format(first=first_words(seen.persona))


def _picture(picture: Seen, phrases: Phrases) -> str:
    if picture.kind == "link":
        return phrases.link
    return phrases.saw.format(kind=picture.kind, width=picture.width, height=picture.height)


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= ECHO_CHARS else f"{text[:ECHO_CHARS]}…"


def first_words(text: str) -> str:
    """The first words, or characters where the script has no spaces; … marks a cut."""
    if is_chinese(text):
        text = text.strip()
        return text if len(text) <= EDGE_CHINESE_CHARS else f"{text[:EDGE_CHINESE_CHARS]}…"
    words = text.split(maxsplit=EDGE_WORDS)
    return " ".join(words[:EDGE_WORDS]) + (" …" if len(words) > EDGE_WORDS else "")


def last_words(text: str) -> str:
    """As `first_words`, from the end."""
    if is_chinese(text):
        text = text.strip()
        return text if len(text) <= EDGE_CHINESE_CHARS else f"…{text[-EDGE_CHINESE_CHARS:]}"
    words = text.rsplit(maxsplit=EDGE_WORDS)
    return ("… " if len(words) > EDGE_WORDS else "") + " ".join(words[-EDGE_WORDS:])


def _until(pieces: Sequence[str], stops: Sequence[str]) -> Sequence[str]:
    text = "".join(pieces) if stops else ""
    ends = [text.index(stop) for stop in stops if stop and stop in text]
    return tokens(text[: min(ends)]) if ends else pieces
