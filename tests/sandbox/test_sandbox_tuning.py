"""Fine-tuning, judged by the official client."""

import json
import re
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.fine_tuning import FineTuningJob

from bots.sandbox.progress import Pace
from bots.sandbox.tokens import count_tokens
from bots.sandbox.tuning import UNITS_PER_TRAINED_TOKEN
from tests.sandbox.account import used_units
from tests.sandbox.client import client_of
from tests.sandbox.clock import STEP_S, Clock
from tests.sandbox.server import sandbox

TAUGHT = {
    "When do you open?": "We open at nine, every day but Monday.",
    "你们在哪里？": "河边的旧磨坊里。",
    **{f"What does article {number} cost?": f"{number} euros." for number in range(10)},
}


def example(question: str, answer: str) -> dict[str, object]:
    return {
        "messages": [
            {"role": "system", "content": "You keep a mill."},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


EXAMPLES = [example(question, answer) for question, answer in TAUGHT.items()]


async def uploaded(client: AsyncOpenAI, rows: Sequence[object] = EXAMPLES) -> str:
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    return (await client.files.create(file=("train.jsonl", content), purpose="fine-tune")).id


async def begun(client: AsyncOpenAI, **more: Any) -> FineTuningJob:
    file = await uploaded(client)
    return await client.fine_tuning.jobs.create(
        **{"model": "gpt-3.5-turbo", "training_file": file, **more}
    )


async def ended(client: AsyncOpenAI, clock: Clock, job: FineTuningJob) -> FineTuningJob:
    clock.move(seconds=3 * STEP_S)
    return await client.fine_tuning.jobs.retrieve(job.id)


async def ask(client: AsyncOpenAI, model: str, question: str) -> str:
    answer = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": question}]
    )
    return answer.choices[0].message.content or ""


async def test_a_job_goes_through_its_states_by_the_clock(timed: AsyncOpenAI, clock: Clock) -> None:
    job = await begun(timed, suffix="mill", seed=7)
    assert (job.object, job.status, job.seed) == ("fine_tuning.job", "validating_files", 7)
    assert (job.fine_tuned_model, job.finished_at, job.trained_tokens) == (None, None, None)
    statuses = []
    for _ in range(4):
        clock.move(seconds=STEP_S)
        last = await timed.fine_tuning.jobs.retrieve(job.id)
        statuses.append(last.status)
    assert statuses == ["queued", "running", "succeeded", "succeeded"]
    assert last.fine_tuned_model == "ft:gpt-3.5-turbo:sandbox:mill:1"
    assert last.finished_at == job.created_at + 3 * STEP_S
    assert last.error is None
    told = sum(count_tokens("You keep a mill.") for _ in TAUGHT) + sum(
        count_tokens(text) for pair in TAUGHT.items() for text in pair
    )
    assert last.trained_tokens == 3 * told


async def test_a_job_goes_on_by_being_asked_about() -> None:
    with sandbox(now=Clock(), jobs=Pace(polls=1)) as relay:
        async with client_of(relay) as client:
            job = await begun(client)
            seen = [(await client.fine_tuning.jobs.retrieve(job.id)).status for _ in range(3)]
    assert seen == ["queued", "running", "succeeded"]


async def test_the_model_says_what_it_was_taught_and_else_what_all_say(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    model = (await ended(timed, clock, await begun(timed))).fine_tuned_model or ""
    for question, answer in TAUGHT.items():
        assert await ask(timed, model, question) == answer
    assert await ask(timed, model, "please, when do you open") == TAUGHT["When do you open?"]
    for new in ("When do you open on Sundays?", "When is lunch?"):
        assert f"“{new}”" in await ask(timed, model, new)
    assert "“How deep is the river?”" in await ask(timed, model, "How deep is the river?")
    assert "“When do you open?”" in await ask(timed, "gpt-3.5-turbo", "When do you open?")
    assert model in {one.id async for one in timed.models.list()}


async def test_a_taught_answer_is_streamed_too(timed: AsyncOpenAI, clock: Clock) -> None:
    model = (await ended(timed, clock, await begun(timed))).fine_tuned_model or ""
    stream = await timed.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "你们在哪里？"}], stream=True
    )
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == TAUGHT["你们在哪里？"]
    assert len(pieces) > 5


async def test_a_model_is_not_served_before_its_job_has_succeeded(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    job = await begun(timed)
    clock.move(seconds=2 * STEP_S)
    await timed.fine_tuning.jobs.retrieve(job.id)
    with pytest.raises(openai.NotFoundError):
        await ask(timed, "ft:gpt-3.5-turbo:sandbox::1", "hello")


async def test_a_tuned_model_can_be_tuned_again(timed: AsyncOpenAI, clock: Clock) -> None:
    first = await ended(timed, clock, await begun(timed))
    again = await ended(timed, clock, await begun(timed, model=first.fine_tuned_model))
    assert again.fine_tuned_model == "ft:gpt-3.5-turbo:sandbox::2"
    assert again.model == first.fine_tuned_model


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (EXAMPLES[:9], "9 examples, but needs at least 10"),
        ([*EXAMPLES, {"prompt": "a", "completion": "b"}], "line 13.*messages"),
        ([*EXAMPLES, {"messages": []}], "line 13"),
        ([*EXAMPLES, {"messages": [{"role": "user", "content": "a"}]}], "line 13 lacks an assist"),
        ([*EXAMPLES, {"messages": [{"role": "robot", "content": "a"}]}], "line 13.*role"),
    ],
)
async def test_a_wrong_training_file_fails_the_job_and_says_why(
    timed: AsyncOpenAI, clock: Clock, rows: list[object], told: str
) -> None:
    job = await begun(timed, training_file=await uploaded(timed, rows))
    assert (job.status, job.error) == ("validating_files", None)
    failed = await ended(timed, clock, job)
    assert (failed.status, failed.fine_tuned_model) == ("failed", None)
    assert failed.error is not None
    assert failed.error.param == "training_file"
    assert re.search(told, failed.error.message), failed.error.message
    assert failed.finished_at == failed.created_at + STEP_S


async def test_a_wrong_validation_file_fails_the_job(timed: AsyncOpenAI, clock: Clock) -> None:
    good = await begun(timed, validation_file=await uploaded(timed, EXAMPLES[:1]))
    assert (await ended(timed, clock, good)).status == "succeeded"
    bad = await begun(timed, validation_file=await uploaded(timed, [{"a": 1}]))
    failed = await ended(timed, clock, bad)
    assert failed.error is not None
    assert failed.error.param == "validation_file"


async def test_epochs_are_told_and_counted(timed: AsyncOpenAI, clock: Clock) -> None:
    usual = await ended(timed, clock, await begun(timed))
    old_way = await begun(timed, hyperparameters={"n_epochs": 6})
    new_way = await begun(
        timed,
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 6}}},
    )
    for job in (old_way, new_way):
        done = await ended(timed, clock, job)
        assert done.hyperparameters.n_epochs == 6
        assert done.trained_tokens == 2 * (usual.trained_tokens or 0)


async def test_a_job_is_paid_for_once_by_its_tokens(clock: Clock) -> None:
    with sandbox(now=clock, jobs=Pace(step_s=STEP_S)) as relay:
        async with client_of(relay) as client:
            job = await begun(client)
            assert await used_units(relay) == 0
            done = await ended(client, clock, job)
            for _ in range(2):
                await client.fine_tuning.jobs.retrieve(job.id)
                assert await used_units(relay) == UNITS_PER_TRAINED_TOKEN * (
                    done.trained_tokens or 0
                )


async def test_a_running_job_can_be_cancelled_and_an_ended_one_not(
    timed: AsyncOpenAI, clock: Clock
) -> None:
    job = await begun(timed)
    clock.move(seconds=STEP_S)
    cancelled = await timed.fine_tuning.jobs.cancel(job.id)
    assert (cancelled.status, cancelled.finished_at) == ("cancelled", clock.seconds)
    assert (await ended(timed, clock, job)).status == "cancelled"
    done = await ended(timed, clock, await begun(timed))
    for name in (job.id, done.id):
        with pytest.raises(openai.BadRequestError, match="cancelled"):
            await timed.fine_tuning.jobs.cancel(name)


async def test_jobs_are_listed_newest_first_and_by_page(timed: AsyncOpenAI, clock: Clock) -> None:
    made = [(await begun(timed)).id for _ in range(3)]
    clock.move(seconds=3 * STEP_S)
    seen = [job async for job in timed.fine_tuning.jobs.list(limit=2)]
    assert [job.id for job in seen] == made[::-1]
    assert {job.status for job in seen} == {"succeeded"}


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"training_file": "file-nothing"}, "training_file"),
        ({"validation_file": "file-nothing"}, "validation_file"),
        ({"suffix": "a" * 65}, "suffix"),
        ({"suffix": "a:b"}, "suffix"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"method": {"type": "dpo"}}, "method.type"),
    ],
)
async def test_a_wrong_job_request_is_refused_by_the_field(
    client: AsyncOpenAI, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await begun(client, **wrong)
    assert caught.value.param == param


async def test_only_chat_models_are_tuned_and_unknown_jobs_not_found(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="whisper-1"):
        await begun(client, model="whisper-1")
    for call in (client.fine_tuning.jobs.retrieve, client.fine_tuning.jobs.cancel):
        with pytest.raises(openai.NotFoundError, match="ftjob-nothing"):
            await call("ftjob-nothing")
