"""What each sample is shown as: `python -m tests.render.golden` writes the files anew.

Read the difference that `git diff` shows as somebody with a phone in their hand would.
"""

from pathlib import Path

from adapters.telegram.markdown import Entity, to_telegram
from core.render.markup import plain

SAMPLES = Path(__file__).parent / "samples"
RULE = "────"


def samples() -> list[Path]:
    return sorted(SAMPLES.glob("*.md"))


def shown(sample: Path) -> dict[Path, str]:
    """File by file, what is to be seen."""
    markdown = sample.read_text(encoding="utf-8")
    return {
        sample.with_suffix(".plain.txt"): plain(markdown) + "\n",
        sample.with_suffix(".telegram.txt"): on_telegram(markdown) + "\n",
    }


def on_telegram(markdown: str) -> str:
    message = to_telegram(markdown)
    units = message.text.encode("utf-16-le")
    return "\n".join([message.text, RULE, *(line(entity, units) for entity in message.entities)])


def line(entity: Entity, units: bytes) -> str:
    covered = units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
    details = [entity.type, f"{entity.offset}+{entity.length}", entity.url, entity.language]
    return " ".join([*filter(None, details), repr(covered)])


def renew() -> None:
    for sample in samples():
        for path, text in shown(sample).items():
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    renew()
