import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bots import __version__
from bots.cli import main

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "run",
    "demo",
    "check",
    "init",
    "relay",
    "batch",
    "finetune",
    "dead",
    "trace",
    "sandbox",
    "version",
)
HEAVY = ("aiohttp", "alembic", "httpx", "msgspec", "sqlalchemy", "sqlmodel", "starlette", "uvicorn")


def parley(*arguments: str, cwd: Path = ROOT, code: str = "") -> subprocess.CompletedProcess[str]:
    command = ["-c", code] if code else ["-m", "bots"]
    return subprocess.run(
        [sys.executable, "-P", *command, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_help_names_every_command():
    said = parley("--help")
    assert said.returncode == 0
    for command in COMMANDS:
        assert f"    {command}" in said.stdout


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from bots.cli import parser; parser().format_help(); "
        "print(*(name for name in sys.argv[1:] if name in sys.modules))"
    )
    assert parley(*HEAVY, code=code).stdout.strip() == ""


def test_only_a_command_that_is_given_gets_its_many_options():
    code = (
        "import sys; from bots.cli import parser; parser([sys.argv[1]]); "
        "print(*(name for name in sys.argv[2:] if name in sys.modules))"
    )
    large = ("bots.jobs.arguments", "bots.relays.arguments")
    assert parley("run", *large, code=code).stdout.strip() == ""
    assert parley("relay", *large, code=code).stdout.strip() == "bots.relays.arguments"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: parley {command}")


def test_version_is_the_projects_own(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"parley {__version__}\n"


@pytest.mark.parametrize("command", ["run", "check"])
def test_without_a_configuration_the_way_to_one_is_told(command, tmp_path, capsys):
    assert main([command, "--config", str(tmp_path / "config.toml")]) == 1
    said = capsys.readouterr()
    assert "Make one with: parley init" in said.out + said.err


@pytest.mark.parametrize("wrong", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        main(["sandbox", "--port", wrong])
    assert f"expected a port from 1 to 65535, got {wrong}" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_in_one_sentence(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["sandbox", "--port", port]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"port {port} on 127.0.0.1 is taken")
    assert said.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--data", str(tmp_path / "file" / "kept"), "--say", "hello"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "choose another, --data DIR" in said.err
    assert said.err.count("\n") == 1


def test_the_sandbox_relay_stays_on_this_machine_unless_told_otherwise(capsys):
    assert main(["sandbox", "--host", "0.0.0.0"]) == 1  # noqa: S104
    assert "expected a loopback address" in capsys.readouterr().err
