"""A report as it is read in a chat. Pure."""

from collections.abc import Iterator, Sequence

from core.amounts import figure, number
from core.model import Language
from core.ports import ledger
from core.ports.texts import Texts
from core.quota.drift import Drift
from core.quota.report import Figures, Part, Report

SHOWN = 10
"""Models that are named; people are the top ten."""


def report_text(
    texts: Texts, report: Report, drifts: Sequence[Drift], aside: int, language: Language
) -> str:
    """`aside`: how many messages are set aside now."""
    lines = [
        *_head(texts, report, language),
        "",
        *_section(texts, "report_people", report.top(), language),
        "",
        *_section(texts, "report_models", report.by_model()[:SHOWN], language),
        "",
        *_kinds(texts, report, language),
        "",
        *_failures(texts, report.total, aside, language),
    ]
    if drifts:
        lines += ["", texts.say("report_drifts", language), *drift_lines(texts, drifts, language)]
    return "\n".join(lines)


def _head(texts: Texts, report: Report, language: Language) -> Iterator[str]:
    total = report.total
    if report.since == report.until:
        yield texts.say("report_day", language, day=report.since)
    else:
        yield texts.say("report_days", language, since=report.since, until=report.until)
    usd = figure("usd", total.nano_usd)
    yield texts.say("report_total", language, usd=usd, calls=number(total.calls))
    if total.unpriced:
        yield texts.say("report_unpriced", language, calls=number(total.unpriced))


def _section(
    texts: Texts, heading: str, parts: Sequence[Part], language: Language
) -> Iterator[str]:
    yield texts.say(heading, language)
    for name, figures in parts:
        yield _line(texts, _named(texts, name, language), figures, language)


def _named(texts: Texts, name: str, language: Language) -> str:
    match name:
        case "":
            return texts.say("report_unknown", language)
        case ledger.TERMINAL:
            return texts.say("report_terminal", language)
        case _:
            return name


def _kinds(texts: Texts, report: Report, language: Language) -> Iterator[str]:
    yield texts.say("report_kinds", language)
    for kind, figures in report.by_kind():
        yield _line(texts, texts.say(f"report_kind_{kind}", language), figures, language)


def _line(texts: Texts, name: str, figures: Figures, language: Language) -> str:
    return texts.say(
        "report_line",
        language,
        name=name,
        usd=figure("usd", figures.nano_usd),
        calls=number(figures.calls),
    )


def _failures(texts: Texts, total: Figures, aside: int, language: Language) -> Iterator[str]:
    yield texts.say("report_failures", language, unsure=number(total.unsure), aside=number(aside))


def drift_lines(texts: Texts, drifts: Sequence[Drift], language: Language) -> Iterator[str]:
    """One for each token: how far the ledger and the relay's own figure are apart."""
    for drift in drifts:
        named = {"relay": drift.relay, "token": drift.alias}
        ledger = figure("usd", drift.ledger_nano_usd)
        told = figure("usd", drift.relay_nano_usd)
        if drift.unpriced:
            yield texts.say(
                "report_drift_unpriced", language, **named, calls=number(drift.unpriced)
            )
        elif drift.percent is None:
            yield texts.say("report_drift_reset", language, **named)
        else:
            percent = f"{drift.percent:+.1f}"
            yield texts.say(
                "report_drift", language, **named, ledger=ledger, told=told, percent=percent
            )
