import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def entries(name: str) -> list[str]:
    """One package with its hashes each."""
    return (ROOT / name).read_text().replace("\\\n", " ").splitlines()


def pinned(*names: str) -> set[str]:
    return {re.split(r"==", line)[0] for name in names for line in entries(name)}


def wanted(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", name.group()).lower() for name in names if name}


def test_there_are_four_locks():
    besides = {f"requirements-{name}.lock" for name in ("fuzz", "test", "venv")}
    assert set(LOCKS) == {"requirements.lock", *besides}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_no_address_or_path(name):
    assert entries(name)
    for line in entries(name):
        assert re.match(r"[a-z0-9-]+==[\w.]+ ", line)
        assert re.search(r" --hash=sha256:[0-9a-f]{64}", line)
        assert "/" not in line
        assert "@" not in line


def test_the_locks_hold_all_that_the_project_asks_for():
    extras = PROJECT["optional-dependencies"]
    needed = wanted([*PROJECT["dependencies"], *extras["sandbox"]])
    assert needed - pinned("requirements.lock") == set()
    assert wanted(extras["fuzz"]) - pinned("requirements-fuzz.lock") == set()
    assert wanted(extras["test"]) - pinned("requirements.lock", "requirements-test.lock") == set()
