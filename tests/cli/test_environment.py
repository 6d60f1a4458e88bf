"""script/environment in a small checkout of its own, with one small package and no network."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ("environment", "environment.py", "demo")


def wheel(folder: Path, version: str) -> str:
    """A package `pebble` of one module; the answer is its line for a lock."""
    path = folder / f"pebble-{version}-py3-none-any.whl"
    info = f"pebble-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("pebble.py", f"version = {version!r}\n")
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"pebble=={version} --hash=sha256:{digest}\n"


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        (self.root / "script").mkdir(parents=True)
        for name in SCRIPTS:
            shutil.copy(ROOT / "script" / name, self.root / "script" / name)
        (self.root / "requirements-test.lock").write_text("")
        (self.root / "bots").mkdir()
        (self.root / "bots" / "__main__.py").write_text(
            "import pebble, sys\nprint(pebble.version, sys.argv[1:])\n"
        )
        self.lock("1.0")

    def lock(self, version: str) -> None:
        (self.root / "requirements.lock").write_text(wheel(self.wheels, version))

    @property
    def settings(self) -> dict[str, str]:
        """No package index, and neither pip's nor uv's own settings of this machine."""
        return {
            "PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin",
            "HOME": str(self.root.parent),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }

    def run(
        self, *command: str, cwd: Path | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd or self.root,
            env=self.settings | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def make(self, purpose: str = "demo", **settings: str) -> subprocess.CompletedProcess[str]:
        return self.run("sh", str(self.root / "script" / "environment"), purpose, **settings)

    def installed(self) -> str:
        python = self.root / ".venv" / "bin" / "python"
        return self.run(str(python), "-c", "import pebble; print(pebble.version)").stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def path_files() -> set[Path]:
    """What adds to the import path of the Python that this one was made from."""
    return set(Path(sys.base_prefix).glob("lib/python3*/*-packages/*.pth"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One for several tests, each of which leaves it so that the next start mends it."""
    return Checkout(tmp_path_factory.mktemp("made"))


def test_the_first_start_installs_what_the_lock_says_and_the_next_one_nothing(checkout):
    before = path_files()
    first = checkout.make()
    assert (first.returncode, first.stdout) == (0, "")
    assert "正在安装" in first.stderr
    assert checkout.installed() == "1.0"
    assert path_files() == before
    assert list(checkout.root.glob(".venv/lib/*/site-packages/__pycache__/pebble.*.pyc"))
    second = checkout.make()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_the_demo_runs_the_checkouts_own_code_from_any_folder(made):
    (made.root.parent / "bots.py").write_text("raise SystemExit('the wrong bots')")
    done = made.run("sh", str(made.root / "script" / "demo"), "--x", cwd=made.root.parent)
    assert done.stdout == f"{made.installed()} ['demo', '--x']\n"
    command = str(made.root / ".venv" / "bin" / "parley")
    assert made.run(command, "y", cwd=made.root.parent).stdout.endswith(" ['y']\n")


def test_a_changed_lock_is_installed_at_the_next_start(made):
    made.make("test")
    made.lock("2.0")
    assert made.make("demo").returncode == 0
    assert made.installed() == "2.0"
    assert "正在安装" in made.make("test").stderr
    assert made.make("demo").stderr == ""


def test_an_installation_that_was_cut_off_is_made_anew(made):
    made.make()
    (made.root / ".venv.lock").write_text("unfinished\n")
    leftover = made.root / ".venv" / "leftover"
    leftover.touch()
    assert made.make().returncode == 0
    assert not leftover.exists()
    assert made.make().stderr == ""


def test_an_environment_whose_python_is_gone_is_made_anew(made):
    made.make()
    python = made.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert made.make().returncode == 0
    assert made.installed() in {"1.0", "2.0"}


def test_a_checkout_that_was_moved_still_works(checkout):
    checkout.make()
    checkout.root = checkout.root.rename(checkout.root.parent / "elsewhere")
    assert checkout.make().returncode == 0
    command = checkout.root / ".venv" / "bin" / "parley"
    assert checkout.run(str(command)).stdout == "1.0 []\n"


def test_two_first_starts_at_once_install_once(checkout):
    starts = [
        subprocess.Popen(
            ["sh", "script/environment", "demo"],
            cwd=checkout.root,
            env=checkout.settings,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [start.communicate(timeout=60)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0]
    assert "".join(said).count("正在安装") == 1
    assert checkout.installed() == "1.0"


def test_packages_that_cannot_be_had_are_told_and_had_at_the_next_start(checkout):
    shutil.move(checkout.wheels, checkout.root.parent / "away")
    failed = checkout.make()
    assert failed.returncode == 1
    assert "Check the network, the disk and pip's package mirror" in failed.stderr
    assert "Traceback" not in failed.stderr
    shutil.move(checkout.root.parent / "away", checkout.wheels)
    assert checkout.make().returncode == 0
    assert checkout.installed() == "1.0"


def test_what_only_speech_needs_is_left_out_where_it_cannot_be_had(checkout):
    lock = checkout.root / "requirements.lock"
    none_such = f"av==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    lock.write_text(none_such + lock.read_text())
    done = checkout.make()
    assert done.returncode == 0
    assert "Left out, as this machine has no way to install it: av." in done.stderr
    assert checkout.installed() == "1.0"
    assert checkout.make().stderr == ""


@pytest.mark.parametrize("hashed", ["", f" --hash=sha256:{'0' * 64}"])
def test_a_package_with_another_hash_or_none_is_refused(hashed, checkout):
    (checkout.root / "requirements.lock").write_text(f"pebble==1.0{hashed}\n")
    assert checkout.make().returncode == 1
    assert checkout.installed() == ""


def fake(folder: Path, name: str, says: str) -> None:
    """A program that names itself as its base, and `says` the same to all other questions."""
    answers = f"case $2 in *base*) echo $0 ;; *) echo '{says}' ;; esac"
    (folder / name).write_text(f"#!/bin/sh\n{answers}\n")
    (folder / name).chmod(0o755)


def tools(folder: Path) -> Path:
    """A PATH with what the scripts themselves use, and no Python."""
    folder.mkdir()
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def test_a_python_that_is_too_old_is_named_with_what_is_needed(checkout, tmp_path):
    path = tools(tmp_path / "bin")
    fake(path, "python3", "3.9.2 with pip")
    done = checkout.make(PATH=str(path))
    assert done.returncode == 1
    assert done.stderr == (
        "Parley needs Python 3.11 or newer with pip, but found python3 is 3.9.2. "
        "Install one, put it on the PATH, and run this again.\n"
    )


def test_a_machine_without_python_is_told_so(checkout, tmp_path):
    done = checkout.make(PATH=str(tools(tmp_path / "bin")))
    assert "found no Python at all" in done.stderr


def test_a_python_without_pip_is_told_so(checkout, tmp_path):
    path = tools(tmp_path / "bin")
    fake(path, "python3", "3.11.2 without pip")
    assert "python3 is 3.11.2 without pip" in checkout.make(PATH=str(path)).stderr


def test_a_good_python_behind_an_old_one_is_found(checkout, tmp_path):
    path = tools(tmp_path / "bin")
    fake(path, "python3", "3.9.2 with pip")
    (path / "python3.11").symlink_to(sys._base_executable)
    assert checkout.make(PATH=str(path)).returncode == 0


def test_inside_an_active_environment_the_python_behind_it_is_taken(made):
    made.make()
    (made.root / ".venv.lock").write_text("unfinished\n")
    done = made.make(PATH=f"{made.root / '.venv' / 'bin'}:/usr/bin:/bin")
    assert done.returncode == 0
    assert made.installed()


def test_a_folder_that_cannot_be_written_to_is_told_in_one_sentence(checkout):
    (checkout.root / ".venv.lock").mkdir()
    done = checkout.make()
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot write to {checkout.root}")
    assert done.stderr.count("\n") == 1


def test_a_folder_of_that_name_that_is_no_environment_is_left_alone(checkout):
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv" / "diary.txt").write_text("mine")
    done = checkout.make()
    assert done.returncode == 1
    assert "move it away" in done.stderr
    assert (checkout.root / ".venv" / "diary.txt").read_text() == "mine"
