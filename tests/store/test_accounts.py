"""Reservations, counters and rows: what they come to, whoever claims, dies, settles or waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.amounts import NAMES, UNITS, Amounts, Unit
from core.model import Message, Spend, conversation_key, identity_of, person_key, place_of
from core.ports.ledger import Account, Booking, Ceiling, Exceeded, Period, Scope
from core.ports.store import Claim, Commit
from storage.operation import Accept, Book, Charge, Finish, Lapse, Release, Take
from tests.store.both import Both, spend_of
from tests.store.talk import NOW, address, message

HOUR = timedelta(hours=1)
PERIODS: tuple[Period, ...] = ("day", "month")
SCOPES: tuple[Scope, ...] = (
    *("person:web:ann", "person:web:bob", "group:web:club"),
    *("bot:bot", "bot:other", "all"),
)
MOST = 12

Limits = dict[tuple[Scope, Unit, Period], int]

amounts = st.builds(
    Amounts,
    messages=st.just(1),
    **{name: st.integers(0, 4) for name in NAMES if name != "messages"},
)
shares = st.floats(0, 1)


@dataclass
class Work:
    """A message as its process knows it."""

    message: Message
    account: Account | None = None
    owner: str = ""
    attempt: int = 0
    holds: Amounts | None = None
    until: datetime = NOW
    ended: bool = False


def share_of(amounts: Amounts, share: float) -> Amounts:
    return Amounts(**{name: int(getattr(amounts, name) * share) for name in NAMES})


class Ledger(RuleBasedStateMachine):
    """Calls cost no more than what was reserved for them; all else may come in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.both = Both()
        self.now = NOW
        self.work: list[Work] = []
        self.limits: Limits = {(s, u, p): MOST for s in SCOPES for u in UNITS for p in PERIODS}
        self.highest = dict(self.limits)

    def teardown(self) -> None:
        self.both.connection.close()

    # -- what happens ------------------------------------------------------------

    @rule(
        who=st.sampled_from(["ann", "bob"]),
        chat=st.sampled_from(["", "club"]),
        bot=st.sampled_from(["bot", "other"]),
    )
    def comes(self, who: str, chat: str, bot: str) -> None:
        new = message(f"m{len(self.work)}", who, chat=chat)
        new = type(new)(
            **{name: getattr(new, name) for name in new.__struct_fields__ if name != "address"},
            address=address(who, chat=chat, bot=bot),
        )
        conversation = conversation_key(new.address)
        self.both.apply(Accept(message=new, conversation=conversation, received_at=self.now))
        self.work.append(Work(message=new))

    @precondition(lambda self: self.open)
    @rule(pick=st.integers(0, 9), wanted=amounts, owner=st.sampled_from(["boot", "another"]))
    def claim(self, pick: int, wanted: Amounts, owner: str) -> None:
        """By a new process, or by the same one again: what was reserved is written off."""
        one = self.pick(pick)
        one.account, one.owner, one.attempt = self.account(one), owner, one.attempt + 1
        booking = self.booking(one.account, wanted)
        claim = self.both.apply(
            Take(message_id=one.message.id, owner=owner, booking=booking, at=self.now)
        )
        expected = self.both.memory.claim(one.message.id, booking, one.attempt)
        assert claim == Claim(attempt=one.attempt, exceeded=expected)
        self.given(one, booking, expected, anew=True)

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9), more=amounts)
    def book(self, pick: int, more: Amounts) -> None:
        one = self.pick(pick, held=True)
        assert one.account
        booking = self.booking(one.account, more)
        exceeded = self.both.apply(Book(message_id=one.message.id, booking=booking))
        assert exceeded == self.both.memory.book(one.message.id, booking)
        self.given(one, booking, exceeded)

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9), share=shares, dead=st.booleans(), free=st.booleans())
    def commit(self, pick: int, share: float, dead: bool, free: bool) -> None:
        one = self.pick(pick, held=True)
        commit = Commit(
            message_id=one.message.id,
            conversation=conversation_key(one.message.address),
            person=person_key(one.message.address),
            at=self.now,
            spends=() if free else (self.spent(one, share),),
            dead="poison" if dead else "",
            account=one.account,
        )
        for _ in range(2):  # again, as by a process that did not hear of it
            self.both.apply(Finish(commit=commit))
        self.both.memory.settle(commit)
        one.ended, one.holds = True, None

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9), share=shares)
    def charge(self, pick: int, share: float) -> None:
        """It failed, and is left for the next start."""
        one = self.pick(pick, held=True)
        assert one.account
        spends = (self.spent(one, share),)
        self.both.apply(Charge(message_id=one.message.id, account=one.account, spends=spends))
        self.both.memory.charge(one.message.id, one.account, spends)
        one.holds = None

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9), share=shares, own=st.booleans())
    def release(self, pick: int, share: float, own: bool) -> None:
        """Its process ends in order; another's claim is not given back."""
        one = self.pick(pick, held=True)
        assert one.account
        spends = (self.spent(one, share),)
        owner = one.owner if own else "somebody"
        given = self.both.apply(
            Release(message_id=one.message.id, owner=owner, account=one.account, spends=spends)
        )
        assert given is own
        if own:
            self.both.memory.charge(one.message.id, one.account, spends)
            one.attempt, one.holds, one.owner = one.attempt - 1, None, ""

    @rule(minutes=st.sampled_from([1, 20, 61, 24 * 60, 12 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def start_anew(self) -> None:
        self.both.start_anew()

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9), wanted=amounts)
    def undo(self, pick: int, wanted: Amounts) -> None:
        """The disk was full: of the whole batch nothing is left."""
        one = self.pick(pick, held=True)
        assert one.account
        spends = (self.spent(one, 0.5),)
        more = self.booking(one.account, wanted)
        self.both.apply_all(
            [
                Book(message_id=one.message.id, booking=more),
                Charge(message_id=one.message.id, account=one.account, spends=spends),
                Lapse(at=self.now + HOUR + HOUR),
            ],
            "ROLLBACK",
        )

    @rule()
    def sweep(self) -> None:
        assert self.both.apply(Lapse(at=self.now)) == self.both.memory.lapse(self.now)

    @rule(
        scope=st.sampled_from(SCOPES),
        unit=st.sampled_from(UNITS),
        period=st.sampled_from(PERIODS),
        limit=st.integers(0, 2 * MOST),
    )
    def decide(self, scope: Scope, unit: Unit, period: Period, limit: int) -> None:
        """An admin changes a limit, or grants more."""
        self.limits[scope, unit, period] = limit
        self.highest[scope, unit, period] = max(self.highest[scope, unit, period], limit)

    # -- what holds --------------------------------------------------------------

    @invariant()
    def rows_add_up_to_the_counters(self) -> None:
        summed: dict[tuple[Scope, str], list[int]] = {}
        for identity, place, bot, day, *figures in self.both.rows(
            "SELECT identity, place, bot, day, prompt_tokens + completion_tokens, images,"
            " round(audio_s * 1000), nano_usd IS NULL, coalesce(nano_usd, 0) FROM spends"
        ):
            account = Account(
                person="", conversation="", identity=identity, bot=bot, place=place, day=day
            )
            for scope in account.scopes:
                known = summed.setdefault((scope, day), [0] * len(figures))
                summed[scope, day] = [a + int(b) for a, b in zip(known, figures, strict=True)]
        counted = {
            (scope, day): figures
            for scope, day, *figures in self.both.rows(
                "SELECT scope, day, tokens, images, audio_ms, unpriced, nano_usd FROM counters"
            )
        }
        assert counted == summed

    @invariant()
    def the_dicts_say_the_same(self) -> None:
        names = ", ".join(NAMES)
        counters = self.both.rows(f"SELECT scope, day, {names} FROM counters")  # noqa: S608
        assert {
            (scope, day): Amounts(**dict(zip(NAMES, figures, strict=True)))
            for scope, day, *figures in counters
        } == self.both.memory.counted
        held = self.both.rows(f"SELECT message_id, {names} FROM reservations")  # noqa: S608
        assert {
            name: Amounts(**dict(zip(NAMES, figures, strict=True))) for name, *figures in held
        } == self.both.memory.reserved

    @invariant()
    def nothing_is_negative(self) -> None:
        for table in ("counters", "reservations"):
            for name in NAMES:
                low = f"SELECT count(*) FROM {table} WHERE {name} < 0"  # noqa: S608
                assert self.both.rows(low) == [(0,)]

    @invariant()
    def no_ceiling_is_passed(self) -> None:
        for (scope, unit, period), limit in self.highest.items():
            since = self.since(period)
            memory = self.both.memory
            taken = memory.used(scope, since).plus(memory.set_aside(scope, since))
            assert taken.of(unit) <= limit

    @invariant()
    def what_is_reserved_is_for_a_message_to_be_answered(self) -> None:
        reserved = {name for (name,) in self.both.rows("SELECT message_id FROM reservations")}
        assert reserved <= {one.message.id for one in self.work if not one.ended}

    # -- what is there -----------------------------------------------------------

    @property
    def open(self) -> list[Work]:
        return [one for one in self.work if not one.ended]

    @property
    def held(self) -> list[Work]:
        """Being worked on, within their hour."""
        return [one for one in self.open if one.holds and one.until > self.now]

    def pick(self, pick: int, *, held: bool = False) -> Work:
        found = self.held if held else self.open
        return found[-1 - pick % len(found)]

    def account(self, one: Work) -> Account:
        asked = one.message.address
        return Account(
            person=person_key(asked),
            conversation=conversation_key(asked),
            identity=identity_of(asked),
            bot=asked.bot,
            place=place_of(asked),
            day=self.now.date().isoformat(),
        )

    def since(self, period: Period, day: str = "") -> str:
        day = day or self.now.date().isoformat()
        return day if period == "day" else f"{day[:7]}-01"

    def booking(self, account: Account, wanted: Amounts) -> Booking:
        return Booking(
            account=account,
            kind="chat",
            amounts=wanted,
            at=self.now,
            until=self.now + HOUR,
            ceilings=tuple(
                Ceiling(
                    scope=scope,
                    unit=unit,
                    period=period,
                    since=self.since(period, account.day),
                    limit=limit,
                )
                for (scope, unit, period), limit in self.limits.items()
                if scope in account.scopes
            ),
        )

    def given(
        self, one: Work, booking: Booking, exceeded: Exceeded | None, *, anew: bool = False
    ) -> None:
        if exceeded:
            one.holds = None if anew else one.holds
            return
        before = None if anew else one.holds
        one.holds = (before or Amounts()).plus(booking.amounts)
        one.until = booking.until

    def spent(self, one: Work, share: float) -> Spend:
        return spend_of(share_of(one.holds or Amounts(), share), self.now)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_what_a_dead_process_reserved_is_spent_and_unsure_but_for_the_message() -> None:
    ledger = Ledger()
    ledger.comes("ann", "", "bot")
    reserved = Amounts(messages=1, tokens=4, images=1, audio_ms=3, nano_usd=2)
    ledger.claim(0, reserved, "boot")
    ledger.claim(0, reserved, "another")
    assert ledger.both.rows(
        "SELECT prompt_tokens, images, audio_s, nano_usd, reserved_nano_usd, estimated, unsure"
        " FROM spends"
    ) == [(4, 1, 0.003, 2, 2, 1, 1)]
    assert ledger.both.rows("SELECT DISTINCT messages FROM counters") == [(0,)]
    ledger.teardown()


def test_a_dead_attempt_without_dollars_reserved_is_of_unknown_price() -> None:
    ledger = Ledger()
    ledger.comes("ann", "", "bot")
    ledger.claim(0, Amounts(messages=1, tokens=4), "boot")
    ledger.claim(0, Amounts(messages=1), "another")
    assert ledger.both.rows("SELECT nano_usd, reserved_nano_usd FROM spends") == [(None, None)]
    assert ledger.both.rows("SELECT DISTINCT unpriced FROM counters") == [(1,)]
    ledger.teardown()


def test_a_reservation_past_its_hour_is_spent_before_anything_else_is_reserved() -> None:
    """Nobody may use meanwhile what may have been spent."""
    ledger = Ledger()
    ledger.comes("ann", "", "bot")
    ledger.claim(0, Amounts(messages=1, tokens=MOST), "boot")
    ledger.wait(61)
    ledger.comes("ann", "", "bot")
    ledger.claim(0, Amounts(messages=1, tokens=1), "boot")
    assert not ledger.held
    assert ledger.both.memory.reserved == {}
    ledger.teardown()
