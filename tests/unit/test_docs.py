"""The pages for the next engineer are true: files exist, and the example runs."""

import re
from pathlib import Path

import pytest

from bots.commands import find_commands
from bots.texts.catalogue import Catalogue
from core.model import Quote, Text
from tests.commands.talk import Talk

ROOT = Path(__file__).parents[2]
PAGES = ("add-an-adapter.md", "add-a-command.md")
PATH = re.compile(r"`((?:adapters|bots|core|docs|storage|tests)/[\w/.-]+)`")


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", page("add-a-command.md"), re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_names_is_there(name):
    named = PATH.findall(page(name))
    assert len(named) > 5
    assert not [path for path in named if not (ROOT / path).exists()]


def example():
    """The command of the page, and the tests that the page has for it."""
    source, test_source = blocks("python")
    names = {"Quote": Quote, "Text": Text}
    exec(source + test_source, names)  # noqa: S102 - our own page
    tests = [test for name, test in names.items() if name.startswith("test_")]
    return names["COMMAND"], tests


async def test_the_example_of_a_command_passes_its_own_tests(tmp_path):
    command, tests = example()
    for language, text in zip(("en", "zh"), blocks("toml"), strict=False):
        (tmp_path / f"{language}.toml").write_text(text, encoding="utf-8")
    assert len(tests) == 3
    for test in tests:
        talk = Talk()
        talk.commands = {**find_commands(()), **dict.fromkeys(command.names, command)}
        talk.texts = Catalogue(tmp_path)
        await test(talk)
