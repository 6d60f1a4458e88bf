"""script/checks.py in a small project of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).parents[2] / "script" / "checks.py"
PASSES = "def test_it():\n    pass\n"
SKIPS = 'import pytest\n\n\ndef test_it():\n    pytest.skip("no chromium on this machine")\n'
FAILS = "def test_it():\n    assert not __name__\n"
PROVES = """import os
import sys

sys.stdout.write("a table of promises\\n")
sys.exit(int(os.environ.get("BROKEN", "0")))
"""


class Project:
    def __init__(self, root: Path, known: Path) -> None:
        self.root = root
        self.known = known
        (root / "script").mkdir()
        shutil.copy(CHECKS, root / "script")
        (root / "script" / "judges.py").write_text('print("judges are asked for")\n')
        (root / "prove").mkdir()
        (root / "prove" / "__init__.py").write_text("")
        (root / "prove" / "__main__.py").write_text(PROVES)
        (root / "core").mkdir()
        (root / "core" / "__init__.py").write_text("")
        (root / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\nasyncio_default_fixture_loop_scope = "function"\n'
            'addopts = ["-v"]\n[tool.ruff]\nline-length = 100\n'
            '[tool.mypy]\npackages = ["core"]\n'
            '[tool.importlinter]\nroot_packages = ["core"]\n'
            '[[tool.importlinter.contracts]]\nname = "one layer"\ntype = "layers"\n'
            'containers = ["core"]\nlayers = []\n'
        )

    def test(self, folder: str, text: str) -> None:
        place = self.root / "tests" / folder
        place.mkdir(parents=True)
        (place / f"test_{folder}.py").write_text(text)

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.root / "script" / "checks.py"), *arguments],
            env={
                "PATH": "/nowhere",
                "HOME": str(self.root),
                "MYPY_CACHE_DIR": str(self.known),
                "TEST_WORKERS": "1",
            }
            | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of Python itself: all that takes it seconds."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def project(tmp_path: Path, known: Path) -> Project:
    return Project(tmp_path, known)


def test_quick_tests_come_before_slow_ones_and_a_summary_last(project):
    for folder in ("cli", "web", "unit", "store"):
        project.test(folder, PASSES)
    done = project.run()
    assert done.returncode == 0
    summary = [line.split()[:2] for line in done.stdout.splitlines()[-6:]]
    names = ("style", "format", "types", "layers", "tests", "promises")
    assert summary == [["ok", name] for name in names]
    assert "4 tests, 0 skipped\n" in done.stdout
    order = re.findall(r"PASSED tests/(\w+)/", done.stdout)
    assert order == ["unit", "store", "cli", "web"]


@pytest.mark.parametrize(
    ("text", "settings", "code"), [(SKIPS, {}, 0), (SKIPS, {"CI": "true"}, 1), (FAILS, {}, 1)]
)
def test_a_skip_counts_as_a_failure_where_ci_is_set(text, settings, code, project):
    project.test("unit", text)
    done = project.run(**settings)
    assert done.returncode == code
    assert done.stdout.count("FAILED tests ") == code
    assert ("no chromium on this machine" in done.stdout) == (text is SKIPS)


@pytest.mark.parametrize("arguments", [(), ("tests/unit",)])
def test_what_judges_parley_is_there_before_any_test(arguments, project):
    project.test("unit", PASSES)
    told = project.run(*arguments).stdout
    assert 0 <= told.find("judges are asked for") < told.find("1 passed")


def test_a_slip_in_style_fails_the_whole(project):
    project.test("unit", "import os\n" + PASSES)
    done = project.run()
    assert done.returncode == 1
    assert "FAILED style" in done.stdout
    assert "ok     tests" in done.stdout


@pytest.mark.parametrize("broken", [0, 1])
def test_a_promise_that_does_not_hold_fails_the_whole(broken, project):
    project.test("unit", PASSES)
    done = project.run(BROKEN=str(broken))
    assert done.returncode == broken
    assert done.stdout.find("1 passed") < done.stdout.find("a table of promises")
    assert ("FAILED promises" in done.stdout) == bool(broken)
