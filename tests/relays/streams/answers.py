"""What stands inside the chunks of a chat: texts, reasons, usage."""

from core.errors import RelayCut, RelayGarbage
from core.response import Usage
from tests.relays.stage import DONE, event, payload
from tests.relays.streams.case import TOLD, USAGE, Case, Heard, chat, estimated, failed, line, said

END = event("", "stop") + DONE
TOOL = {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": '{"a":'}}


def case(stream: bytes, heard: Heard | None = None) -> Case:
    return Case(stream=stream, heard=heard or said("ab", 2))


TEXTS = {
    "rcouyi's own": case(
        payload("rcouyi_chat_stream.sse"),
        said("你好。", model="gpt3.5", usage=Usage(prompt_tokens=19, completion_tokens=13)),
    ),
    "role alone first": case(chat(delta={"role": "assistant"}) + event("ab") + END),
    "content null": case(chat(delta={"role": "assistant", "content": None}) + event("ab") + END),
    "content empty": case(chat(delta={"content": ""}) + event("ab") + END),
    "delta null": case(event("ab") + chat(delta=None, finish_reason="stop")),
    "delta missing": case(event("ab") + chat(finish_reason="stop")),
    "message in place of delta": case(
        line({"model": "m", "choices": [{"message": {"content": "ab"}}]}) + END
    ),
    "error after finish_reason": case(event("ab", "stop") + line({"error": {"message": "late"}})),
    "choices empty": case(line({"choices": [], "prompt_filter_results": []}) + event("ab") + END),
    "choices null": case(line({"choices": None}) + event("ab") + END),
    "choices missing": case(line({"object": "ping"}) + event("ab") + END),
    "an event that is empty": case(b"data: {}\n\n" + event("ab") + END),
    "index missing": case(
        line({"model": "m", "choices": [{"delta": {"content": "ab"}, "finish_reason": "stop"}]})
    ),
    "index null": case(
        line({"model": "m", "choices": [{"index": None, "delta": {"content": "ab"}}]}) + END
    ),
    "another choice's chunks": case(
        event("a")
        + line({"choices": [{"index": 1, "delta": {"content": "other"}}]})
        + event("b")
        + END
    ),
    "another choice first in a chunk": case(
        line(
            {
                "model": "m",
                "choices": [
                    {"index": 1, "delta": {"content": "other"}, "finish_reason": "length"},
                    {"index": 0, "delta": {"content": "ab"}, "finish_reason": None},
                ],
            }
        )
        + END
    ),
    "tool calls beside the text": case(
        event("a")
        + chat(delta={"tool_calls": [TOOL]})
        + chat(delta={"content": None, "tool_calls": [TOOL]}, finish_reason=None)
        + event("b")
        + END
    ),
    "a tool call alone": case(
        chat(delta={"tool_calls": [TOOL]}) + event("", "tool_calls") + DONE,
        said("", 0, reason="tool_calls"),
    ),
    "reasoning": case(
        chat(delta={"reasoning_content": "Hm, "})
        + chat(delta={"content": None, "reasoning_content": "so."})
        + event("ab")
        + END,
        Heard(text="ab", reasoning="Hm, so.", reason="stop", usage=estimated(2), model="m"),
    ),
    "the first model told is kept": case(
        event("a", model="first") + event("b", "stop", model="second") + DONE,
        said("ab", 2, model="first"),
    ),
    "model null or missing": case(
        event("a", model=None)
        + line({"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}]}),
        said("ab", 2, model=""),
    ),
    "wrong types": case(event("a") + chat(delta={"content": [1]}), failed(RelayGarbage, after="a")),
}

REASONS = {
    "length": case(event("ab") + event("", "length") + DONE, said("ab", 2, reason="length")),
    "content_filter": case(
        event("ab") + event("", "content_filter") + DONE, said("ab", 2, reason="content_filter")
    ),
    "reason beside the last text": case(event("a") + event("b", "stop")),
    "reason empty until the end": case(event("a", "") + event("b", "") + event("", "stop")),
    "reason empty at the end": case(
        event("ab", "") + event("", "") + DONE, failed(RelayCut, after="ab")
    ),
    "reason empty after it was told": case(
        event("ab", "length") + event("", "") + DONE, said("ab", 2, reason="length")
    ),
    "reason repeated": case(event("ab") + event("", "stop") * 3 + DONE),
    "no reason, [DONE]": case(event("ab") + DONE, failed(RelayCut, "finish_reason", after="ab")),
    "no reason, no [DONE]": case(event("ab"), failed(RelayCut, "finish_reason", after="ab")),
    "[DONE] alone": case(DONE, failed(RelayCut)),
    "a reason for another choice alone": case(
        event("ab") + chat(index=1, delta={}, finish_reason="stop") + DONE,
        failed(RelayCut, after="ab"),
    ),
}

ONE = {"prompt_tokens": 7, "completion_tokens": 1}
USAGES = {
    "usage in a last chunk without choices": case(
        event("ab") + event("", "stop") + line({"choices": [], "usage": USAGE}) + DONE,
        said("ab", usage=TOLD),
    ),
    "usage in a last chunk whose choices are null": case(
        event("ab") + event("", "stop") + line({"choices": None, "usage": USAGE}) + DONE,
        said("ab", usage=TOLD),
    ),
    "usage in the last choice": case(
        event("ab") + chat(delta={}, finish_reason="stop", usage=USAGE) + DONE,
        said("ab", usage=TOLD),
    ),
    "usage beside the last choice": case(
        event("ab") + event("", "stop", usage=USAGE), said("ab", usage=TOLD)
    ),
    "usage in a last chunk without a line end": case(
        (event("ab", "stop") + line({"choices": [], "usage": USAGE})).strip(),
        said("ab", usage=TOLD),
    ),
    "usage in every chunk": case(
        event("a", usage=ONE) + event("b", "stop", usage=USAGE) + DONE, said("ab", usage=TOLD)
    ),
    "usage in every chunk but the last": case(
        event("a", usage=ONE) + event("b", usage=USAGE) + event("", "stop", usage=None),
        said("ab", usage=TOLD),
    ),
    "usage null": case(event("ab", usage=None) + event("", "stop", usage=None) + DONE),
    "usage told, then an empty object": case(
        event("ab", usage=USAGE) + event("", "stop", usage={}) + DONE, said("ab", usage=TOLD)
    ),
    "usage of zeros": case(event("ab", "stop", usage={"prompt_tokens": 0, "completion_tokens": 0})),
    "usage an empty object": case(event("ab") + event("", "stop", usage={}) + DONE),
    "usage of null counts": case(
        event("ab", "stop", usage={"prompt_tokens": None, "completion_tokens": None})
    ),
    "usage of the prompt alone": case(
        event("ab", "stop", usage={"prompt_tokens": 7}),
        said("ab", usage=Usage(prompt_tokens=7)),
    ),
    "usage nowhere, Chinese": case(event("你好 wo") + event("rld", "stop"), said("你好 world", 4)),
}

CASES = TEXTS | REASONS | USAGES
