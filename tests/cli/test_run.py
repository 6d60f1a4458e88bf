"""`parley run` as its owner starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
[server]
private = "127.0.0.1:0"
[relays.main]
profile = "sandbox"
[bots.web]
platform = "web"
[log]
level = "warning"
"""


def running(folder: Path, config: str, locale: str = "en_US.UTF-8") -> subprocess.Popen[str]:
    path = folder / "config.toml"
    path.write_text(config, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "bots", "run", "--config", str(path)],
        cwd=ROOT,
        env=os.environ | {"LC_ALL": locale, "PYTHONUTF8": "1"},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("locale", "page", "stop"),
    [
        ("en_US.UTF-8", "http://127.0.0.1:", "Ctrl-C stops it."),
        ("zh_CN.UTF-8", "http://127.0.0.1:", "按 Ctrl-C 停止。"),
    ],
)
def test_it_says_where_the_page_is_and_stops_when_told(
    locale: str, page: str, stop: str, tmp_path: Path
) -> None:
    with running(tmp_path, CONFIG, locale) as process:
        assert process.stderr is not None
        told = [process.stderr.readline(), process.stderr.readline()]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert page in told[0]
        assert told[1].strip() == stop
        assert process.stderr.read() == ""


def test_it_says_which_setting_is_cut_short_by_another(tmp_path: Path) -> None:
    short = CONFIG.replace('platform = "web"', 'platform = "web"\nexpire_s = 300.0')
    with running(tmp_path, short) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        process.stderr.readline()
        process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "bots.web.outage_wait_s: expected at most expire_s, 300, got 600" in told
