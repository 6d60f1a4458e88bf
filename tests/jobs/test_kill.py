"""kill -9 at each step, then the same command again: one batch at the relay, or a clear word."""

import signal

import pytest

from bots.sandbox.faults import AnyFault, Lose, Reset, Stall, Status
from tests.jobs.stage import Place, jsonl, line
from tests.sandbox.server import Sandbox

SUBMIT = ("batch", "submit", "main")
FILE = jsonl([line("one"), line("two")])


def calls(relay: Sandbox, call: str) -> int:
    return len(relay.journal.entries(call))


async def killed(place: Place, relay: Sandbox, fault: AnyFault, *command: str) -> None:
    """The command as far as the fault, where it is killed."""
    armed = relay.faults.add(fault)
    process = place.begin(*command)
    try:
        await armed.struck(20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    relay.faults.clear()


@pytest.mark.parametrize(
    "fault", [Stall(call="file_upload"), Lose(call="file_upload", silent=True)]
)
async def test_a_kill_in_the_upload_costs_one_more_upload(relay, place, fault):
    file = place.write("q.jsonl", FILE)
    await killed(place, relay, fault, *SUBMIT, file)
    assert place.noted().state == "prepared"
    assert place.parley(*SUBMIT, file).returncode == 0
    assert place.noted().state == "submitted"
    assert (calls(relay, "file_upload"), calls(relay, "batch_create")) == (2, 1)


async def test_an_upload_that_broke_is_simply_repeated(relay, place):
    file = place.write("q.jsonl", FILE)
    relay.faults.add(Reset(call="file_upload"))
    said = place.parley(*SUBMIT, file)
    assert said.returncode == 1
    assert place.noted().state == "prepared"
    assert place.parley(*SUBMIT, file).returncode == 0
    assert calls(relay, "batch_create") == 1


async def test_a_kill_in_the_creation_stops_the_next_try_until_somebody_decides(relay, place):
    file = place.write("q.jsonl", FILE)
    await killed(place, relay, Lose(call="batch_create", silent=True), *SUBMIT, file)
    noted = place.noted()
    assert noted.state == "creating"
    said = place.parley(*SUBMIT, file)
    assert said.returncode == 1
    for words in ("may be running and billed", noted.input_file_id, "--again", "--id", "job 1"):
        assert words in said.stderr
    assert calls(relay, "batch_create") == 1
    listed = place.parley("batch", "list").stdout
    assert "in doubt" in listed


async def test_what_did_begin_is_followed_by_its_id_and_nothing_is_created_twice(relay, place):
    file = place.write("q.jsonl", FILE)
    await killed(place, relay, Lose(call="batch_create", silent=True), *SUBMIT, file)
    said = place.parley(*SUBMIT, file, "--id", "batch_sandbox_1")
    assert said.returncode == 0, said.stderr
    assert (place.noted().state, place.noted().remote_id) == ("submitted", "batch_sandbox_1")
    assert calls(relay, "batch_create") == 1


async def test_a_batch_of_another_file_is_not_taken_for_it(relay, place):
    other = place.write("other.jsonl", jsonl([line("else")]))
    assert place.parley(*SUBMIT, other).returncode == 0
    file = place.write("q.jsonl", FILE)
    await killed(place, relay, Lose(call="batch_create", silent=True), *SUBMIT, file)
    said = place.parley(*SUBMIT, file, "--id", "batch_sandbox_1")
    assert said.returncode == 1
    assert "expected batch_sandbox_1 to be of file" in said.stderr
    assert place.noted(2).state == "creating"


async def test_with_again_it_is_created_once_more(relay, place):
    file = place.write("q.jsonl", FILE)
    await killed(place, relay, Stall(call="batch_create"), *SUBMIT, file)
    said = place.parley(*SUBMIT, file, "--again")
    assert said.returncode == 0, said.stderr
    assert place.noted().state == "submitted"
    assert calls(relay, "batch_create") == 2
    assert calls(relay, "file_upload") == 1
    assert "already" in place.parley(*SUBMIT, file, "--again").stdout
    assert calls(relay, "batch_create") == 2


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Status(call="batch_create", status=503), "uploaded"),
        (Status(call="batch_create", status=429), "uploaded"),
        (Status(call="batch_create", status=400), "uploaded"),
        (Status(call="batch_create", status=500), "creating"),
        (Status(call="batch_create", status=504), "creating"),
        (Reset(call="batch_create"), "creating"),
        (Lose(call="batch_create"), "creating"),
    ],
    ids=lambda value: getattr(value, "status", "") or str(type(value).__name__).lower(),
)
def test_only_an_answer_that_says_no_is_tried_again_by_itself(relay, place, fault, state):
    file = place.write("q.jsonl", FILE)
    relay.faults.add(fault)
    assert place.parley_here(*SUBMIT, file).returncode == 1
    assert place.noted().state == state
    before = calls(relay, "batch_create")
    code = place.parley_here(*SUBMIT, file).returncode
    assert (code, calls(relay, "batch_create") - before) == (
        (0, 1) if state == "uploaded" else (1, 0)
    )


async def test_a_kill_while_the_output_comes_loses_nothing(relay, place):
    file = place.write("q.jsonl", FILE)
    assert place.parley(*SUBMIT, file).returncode == 0
    for _ in range(3):
        assert place.parley("batch", "status").returncode == 0
    assert place.noted().state == "ended"
    await killed(place, relay, Stall(call="file_content"), "batch", "fetch", "1")
    assert place.noted().state == "ended"
    said = place.parley("batch", "fetch", "1")
    assert said.returncode == 0
    assert said.stdout.count('"error":null') == 2


async def test_ctrl_c_ends_a_wait_cleanly(place):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    file = place.write("q.jsonl", FILE)
    assert place.parley(*SUBMIT, file).returncode == 0
    process = place.begin("batch", "status", "--wait")
    assert process.stderr is not None
    assert "in_progress" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert place.noted().told == "in_progress"


def test_two_processes_with_one_file_create_one_batch(relay, place):
    file = place.write("q.jsonl", FILE)
    both = [place.begin(*SUBMIT, file) for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert 0 in [process.returncode for process in both]
    assert calls(relay, "batch_create") == 1
    assert place.noted().state == "submitted"
    assert place.parley(*SUBMIT, file).returncode == 0
    assert calls(relay, "batch_create") == 1
