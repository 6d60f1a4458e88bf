"""Keeping what relays said, and laying the ledger beside it."""

import sqlite3
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from sqlalchemy import Select, delete, func, select

from core.quota.drift import Drift
from storage.readings import ACCOUNT, BILLING, Drifts, Note, Reading, SweepReadings
from storage.sqlite.statement import constant, first, insert_row, param, sql
from storage.tables import ReadingRow, SpendRow, from_us, to_us

AGAIN_AFTER = timedelta(hours=1)
"""A reading that says nothing new is kept after so long: it shows that there was one."""


class _Detail(Struct):
    alias: str = ""


def _latest() -> Select[tuple[int, int, str]]:
    """The newest that is no newer than `until`."""
    rows = ReadingRow.table()
    return first(
        select(rows.c.at, rows.c.used, rows.c.detail)
        .where(
            rows.c.relay == param("relay"),
            rows.c.subject == param("subject"),
            rows.c.at <= param("until"),
        )
        .order_by(rows.c.at.desc(), rows.c.seq.desc()),
        "count",
    )


class ReadingWrites:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        rows = ReadingRow.table()
        self._last = sql(_latest())
        self._insert = sql(insert_row(rows))
        self._sweep = sql(delete(rows).where(rows.c.at < param("before")))

    def note(self, note: Note) -> None:
        for reading in note.readings:
            if self._is_news(reading):
                values = {
                    "relay": reading.relay,
                    "subject": reading.subject,
                    "at": to_us(reading.at),
                    "used": reading.used_nano_usd,
                    "detail": reading.detail,
                }
                self._run(self._insert, values)

    def _is_news(self, reading: Reading) -> bool:
        asked = {"relay": reading.relay, "subject": reading.subject, "count": 1}
        row = self._run(self._last, {**asked, "until": to_us(reading.at)}).fetchone()
        if row is None or (row[1], row[2]) != (reading.used_nano_usd, reading.detail):
            return True
        return reading.at - from_us(row[0]) >= AGAIN_AFTER

    def sweep(self, sweep: SweepReadings) -> None:
        self._run(self._sweep, {"before": to_us(sweep.before)})


class ReadingReads:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run = connection.execute
        rows, spends = ReadingRow.table(), SpendRow.table()
        here = (rows.c.relay == param("relay"), rows.c.subject == param("subject"))
        within = rows.c.at.between(param("since"), param("until"))
        self._subjects = sql(
            select(rows.c.relay, rows.c.subject)
            .distinct()
            .where(within, rows.c.subject != constant(ACCOUNT))
            .order_by(rows.c.relay, rows.c.subject)
        )
        self._latest = sql(_latest())
        earliest = select(rows.c.at, rows.c.used).where(*here, rows.c.at > param("since"))
        self._first = sql(first(earliest.order_by(rows.c.at, rows.c.seq), "count"))
        self._spent = sql(
            select(
                func.coalesce(func.sum(spends.c.nano_usd), constant(0)).label("ledger_nano_usd"),
                func.count().label("calls"),
                func.count().filter(spends.c.nano_usd.is_(None)).label("unpriced"),
                func.coalesce(func.sum(spends.c.unsure), constant(0)).label("unsure"),
            ).where(
                spends.c.relay == param("relay"),
                spends.c.key == param("key"),
                spends.c.at > param("since"),
                spends.c.at <= param("until"),
            )
        )

    def drifts(self, drifts: Drifts) -> tuple[Drift, ...]:
        span = {"since": to_us(drifts.since), "until": to_us(drifts.until)}
        subjects = self._run(self._subjects, span).fetchall()
        found = [
            self._drift(row["relay"], row["subject"], drifts.since, drifts.until)
            for row in subjects
            if not row["subject"].startswith(BILLING)
        ]
        return tuple(drift for drift in found if drift)

    def _drift(self, relay: str, subject: str, since: datetime, until: datetime) -> Drift | None:
        asked = {"relay": relay, "subject": subject, "count": 1}
        begin = self._run(self._latest, {**asked, "until": to_us(since)}).fetchone()
        begin = begin or self._run(self._first, {**asked, "since": to_us(since)}).fetchone()
        end = self._run(self._latest, {**asked, "until": to_us(until)}).fetchone()
        if begin is None or end is None or end["at"] <= begin["at"]:
            return None
        alias = msgspec.json.decode(end["detail"], type=_Detail).alias
        span = {"relay": relay, "key": alias, "since": begin["at"], "until": end["at"]}
        return Drift(
            relay=relay,
            alias=alias,
            since=from_us(begin["at"]),
            until=from_us(end["at"]),
            relay_nano_usd=end["used"] - begin["used"],
            **dict(self._run(self._spent, span).fetchone()),
        )
