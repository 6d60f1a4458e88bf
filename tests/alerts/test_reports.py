"""Daily and weekly reports: once, at their hour, in the reader's language."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bots.alerts.report_text import report_text
from bots.config.model import Alerts
from bots.texts.catalogue import Catalogue
from core.amounts import NANO
from core.quota.drift import Drift
from core.quota.report import Figures, Line, Report
from tests.alerts.stage import Scene, acting, only

MONDAY = datetime(2026, 11, 9, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
BOTH = Alerts(daily=True)


def set_to(scene: Scene, at: datetime) -> None:
    scene.site.clock.at = at.astimezone(UTC)


async def test_each_report_is_sent_once_at_its_hour_across_restarts(tmp_path: Path) -> None:
    async with acting(tmp_path, alerts=BOTH) as scene:
        set_to(scene, MONDAY - timedelta(hours=14))
        await scene.boss.asks("/image a house")
        set_to(scene, MONDAY - timedelta(minutes=1))
        assert await scene.looks(after_s=0) == []
        told = await scene.looks(after_s=60)
        assert [line.splitlines()[0] for line in told] == [
            "📊 **Use on 2026-11-08**",
            "📊 **Use from 2026-11-02 to 2026-11-08**",
        ]
        assert all("qq:boss: $0.04, 1 ×" in line for line in told)
        assert await scene.looks() == []
        await scene.site.restart()
        assert await scene.looks() == []


async def test_a_report_that_was_missed_comes_late_and_then_no_more(tmp_path: Path) -> None:
    async with acting(tmp_path) as scene:
        set_to(scene, MONDAY - timedelta(hours=14))
        await scene.boss.asks("/image a house")
        set_to(scene, MONDAY + timedelta(days=2))
        assert "2026-11-02" in only(await scene.looks())
        set_to(scene, MONDAY + timedelta(days=4))
        await scene.site.restart()
        assert await scene.looks() == []


async def test_of_days_on_which_nothing_was_used_nothing_is_said(tmp_path: Path) -> None:
    async with acting(tmp_path, alerts=BOTH) as scene:
        set_to(scene, MONDAY)
        assert await scene.looks(after_s=0) == []


async def test_a_clock_that_jumps_over_years_makes_up_for_nothing(tmp_path: Path) -> None:
    async with acting(tmp_path, alerts=BOTH) as scene:
        set_to(scene, MONDAY - timedelta(hours=14))
        await scene.boss.asks("/image a house")
        set_to(scene, datetime(2038, 1, 19, 9, 0, tzinfo=UTC))
        assert await scene.looks() == []


def line(identity: str, kind: str, model: str, usd: float, calls: int, **more: int) -> Line:
    figures = Figures(nano_usd=round(usd * NANO), calls=calls, **more)
    relay = "main" if model else ""
    return Line(identity=identity, kind=kind, relay=relay, model=model, figures=figures)  # type: ignore[arg-type]


REPORT = Report(
    since="2026-11-16",
    until="2026-11-22",
    lines=(
        line("qq:10001", "chat", "gpt-4o", 1.25, 310, unsure=2),
        line("qq:10001", "image", "dall-e-3", 0.4, 10),
        line("telegram:42", "chat", "gpt-4o-mini", 0.0123, 95, unpriced=4),
        line("", "speech", "", 0.002, 1),
    ),
)


def drift(alias: str, ledger: float, relay: float, unpriced: int = 0) -> Drift:
    return Drift(
        relay="main",
        alias=alias,
        since=MONDAY,
        until=MONDAY,
        ledger_nano_usd=round(ledger * NANO),
        relay_nano_usd=round(relay * NANO),
        unpriced=unpriced,
    )


DRIFTS = (drift("key", 1.65, 1.66), drift("team", 0.1, 0.1, 4), drift("old", 0.1, -0.2))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_reads_as_its_golden_file(language: str, golden) -> None:  # type: ignore[no-untyped-def]
    text = report_text(Catalogue(), REPORT, DRIFTS, 3, language)  # type: ignore[arg-type]
    golden(f"report.{language}.txt", text + "\n")


def test_of_many_people_the_ten_who_spent_most_are_named() -> None:
    """Of models as many; the sum is of all."""
    report = Report(
        since="2026-11-08",
        until="2026-11-08",
        lines=tuple(
            Line(
                identity=f"qq:person {number:02}",
                kind="chat",
                relay="main",
                model=f"model {number:02}",
                figures=Figures(calls=1, nano_usd=number * NANO),
            )
            for number in range(1, 13)
        ),
    )
    text = report_text(Catalogue(), report, (), 0, "en")
    for name in ("person", "model"):
        named = [line for line in text.splitlines() if f"{name} " in line]
        assert [line.partition(f"{name} ")[2][:2] for line in named] == [
            f"{number:02}" for number in range(12, 2, -1)
        ]
    assert "$78.00, 12 ×" in text


@pytest.mark.parametrize(
    ("language", "person", "kinds"),
    [
        ("en", "(called at the terminal): $0.50, 7 ×", ("Batches: $0.40", "Edited: $0.10")),
        ("zh", "（终端上手动调用）：$0.50，7 次", ("批处理：$0.40", "改写：$0.10")),
    ],
)
def test_what_was_called_by_hand_has_a_name_and_kinds_of_its_own(
    language: str, person: str, kinds: tuple[str, ...]
) -> None:
    lines = (
        line("terminal", "batch", "gpt-4o", 0.4, 3),
        line("terminal", "edit", "gpt-4o", 0.1, 4),
    )
    report = Report(since="2026-11-08", until="2026-11-08", lines=lines)
    text = report_text(Catalogue(), report, (), 0, language)  # type: ignore[arg-type]
    assert all(said in text for said in (person, *kinds)), text
