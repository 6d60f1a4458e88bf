"""What the pages show works as it stands there, and what they name is there."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from bots.cli import parser
from bots.clock import SystemClock
from bots.commands import find_commands
from bots.config import parse
from bots.observation import Observation
from bots.sandbox import faults
from bots.standing import Standing
from storage.aside import Backlog
from tests.docs.pages import (
    PAGES,
    ROOT,
    anchors,
    blocks,
    inline,
    links,
    name_of,
    prose,
    rows,
    text_of,
)

ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
ARCHITECTURE, RUNNING = ROOT / "docs/architecture.md", ROOT / "docs/running.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

FOLDERS = ("adapters", "bench", "bots", "core", "docs", "script", "storage", "tests")
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*|[\w.-]+\.md|requirements[\w-]*\.lock")

SETTINGS = [
    pytest.param(page, block, id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "toml"), 1)
    if "[bots." in block
]
"""Other TOML, as in a command's texts, is no configuration."""
every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def secrets_of(block: str, folder: Path) -> dict[str, str]:
    """Make what the block's file:… names; the answer is what its env:… names."""
    for name in re.findall(r'"file:([^"]+)"', block):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("a secret of a good length\n")
    return dict.fromkeys(re.findall(r'"env:(\w+)"', block), "a key")


@pytest.mark.parametrize(("page", "block"), SETTINGS)
def test_every_configuration_shown_loads(page: Path, block: str, tmp_path: Path) -> None:
    config = parse(block, tmp_path, name_of(page), secrets_of(block, tmp_path))
    assert config.relays
    assert config.bots


def command_lines(page: Path) -> list[str]:
    shown = [line for block in blocks(page, "sh") for line in block.splitlines()]
    units = [line.partition("=")[2] for block in blocks(page, "ini") for line in block.splitlines()]
    return [*shown, *units, *inline(page)]


def words_of(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # prose with an apostrophe
        return []


@every_page
def test_every_parley_command_shown_is_one(page: Path) -> None:
    for line in command_lines(page):
        match words_of(line):
            case [program, *arguments] if arguments and Path(program).name == "parley":
                parser().parse_args(arguments)
            case ["sh", "script/demo", *arguments]:
                parser().parse_args(["demo", *arguments])


@every_page
def test_every_script_shown_is_there(page: Path) -> None:
    for line in command_lines(page):
        match words_of(line):
            case ["python" | "python3", "-m", module, *_]:
                assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), line
            case ["sh" | "python" | ".venv/bin/python", script, *_] if "/" in script:
                assert (ROOT / script).is_file(), line


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_every_file_named_is_there(page: Path) -> None:
    for words in inline(page):
        if PATH.fullmatch(words):
            assert (ROOT / words).exists() or (page.parent / words).exists(), words


def test_every_page_is_reached_from_the_readme() -> None:
    found = {ENGLISH}
    fresh = [ENGLISH]
    while fresh:
        page = fresh.pop()
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            pages = target.glob("*.md") if target.is_dir() else [target]
            fresh += [one for one in pages if one.suffix == ".md" and one not in found]
            found.update(fresh)
    assert set(PAGES) <= found


def commands_told(page: Path) -> set[frozenset[str]]:
    """Each row's names, in whatever order its columns have."""
    told = ([re.fullmatch(r"`/(\S+)`", cell) for cell in row[:2]] for row in rows(page))
    return {frozenset(name[1] for name in names if name) for names in told if all(names)}


def test_both_readmes_name_every_command_by_both_names() -> None:
    commands = {command.name: command for command in find_commands().values()}
    expected = {
        frozenset({name, next(alias for alias in command.aliases if not alias.isascii())})
        for name, command in commands.items()
    }
    assert commands_told(ENGLISH) == expected
    assert commands_told(CHINESE) == expected


def alike(page: Path) -> Iterator[str]:
    """The links, whatever language they lead to."""
    for link in links(page):
        yield re.sub(r"\.zh(-CN)?\.md", ".md", link)


def test_both_readmes_show_the_same() -> None:
    assert sorted(alike(ENGLISH)) == sorted(alike(CHINESE))
    assert blocks(ENGLISH, "toml") == blocks(CHINESE, "toml")
    shown = ["\n".join(blocks(page, "sh")) for page in (ENGLISH, CHINESE)]
    assert shown[0].replace("hello", "你好") == shown[1]


@pytest.mark.parametrize(
    "picture", sorted((ROOT / "docs/images").iterdir()), ids=lambda path: path.name
)
def test_pictures_are_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size < 300_000
    assert str(picture.relative_to(ROOT)) in text_of(ENGLISH)


def test_every_dependency_has_its_reason() -> None:
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[<>=\[; ]", line)[0] for group in groups for line in group}
    told = [row for row in rows(ROOT / "docs/dependencies.md") if len(row) == 3 and all(row)]
    reasons = [row[0] for row in told if row[0] != "package" and not row[0].startswith("-")]
    assert sorted(reasons) == sorted(wanted)


def test_the_picture_of_the_core_is_what_is_checked() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    checked = next(one["layers"] for one in contracts if one["name"] == "inside core")
    lines = [block.split("\n") for block in blocks(ARCHITECTURE, "")]
    drawn = next(block for block in lines if block[0] == "gateway")
    told = [sorted(re.split(r"/? {2}", line.rstrip("/"))) for line in drawn if line]
    assert told == [sorted(re.split(r" \| ", layer)) for layer in checked]


def test_every_folder_of_bots_is_told() -> None:
    folders = {f"bots/{place.parent.name}/" for place in (ROOT / "bots").glob("*/__init__.py")}
    assert folders
    assert folders <= set(inline(ARCHITECTURE))


async def nothing_kept() -> Backlog:
    return Backlog(oldest_at=None, set_aside=0)


def test_every_metric_is_told() -> None:
    standing = Standing(nothing_kept, lambda: 0, lambda: (), SystemClock())
    exposition = Observation(lambda: 0, standing).exposition().decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", exposition, re.MULTILINE))
    served = {name for name, kind in kinds.items() if not name.endswith("_created")}
    told = {words for words in inline(RUNNING) if words.startswith("parley_")}
    assert told == served


def test_every_fault_of_the_sandbox_is_told() -> None:
    kinds = {
        str(kind.__struct_config__.tag)
        for kind in vars(faults).values()
        if isinstance(kind, type) and issubclass(kind, faults.Fault) and kind is not faults.Fault
    }
    page = ROOT / "docs/sandbox.md"
    told = {row[0].strip("`") for row in rows(page) if len(row) == 3 and row[0].startswith("`")}
    assert told == kinds


@pytest.mark.parametrize(
    "module",
    ["onebot.act", "onebot.faults", "telegram.control", "wechat.acts", "wechat.faults"],
)
def test_whatever_can_happen_on_a_simulated_platform_is_told(module: str) -> None:
    kinds = get_args(vars(import_module(f"bots.sandbox.{module}"))[ANY[module.split(".")[1]]])
    tags = {str(kind.__struct_config__.tag) for kind in kinds}
    assert tags
    assert tags <= set(inline(ROOT / "docs/sandbox.md"))


ANY = {"act": "AnyAct", "control": "AnyAct", "acts": "AnyAct", "faults": "AnyFault"}
"""What each module calls all of its kinds together."""


def test_the_glossary_explains_each_word_once_in_one_sentence() -> None:
    entries = re.findall(
        r"^- \*\*(.+?)\*\*: (.+(?:\n  .+)*)$", prose(ROOT / "docs/glossary.md"), re.MULTILINE
    )
    words = [word for word, _ in entries]
    assert len(words) == len(set(words)) > 50
    for word, sentence in entries:
        assert sentence.endswith("."), word
        assert ". " not in sentence, word


def test_one_message_is_answered_as_the_readme_says(tmp_path: Path) -> None:
    line = next(one for one in command_lines(ENGLISH) if one.startswith("sh script/demo --say"))
    arguments = words_of(line)[2:]
    command = (sys.executable, "-m", "bots", "demo", "--data", str(tmp_path), *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "You said: “hello”" in done.stdout
