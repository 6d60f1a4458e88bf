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


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en_US.UTF-8", "Parley listens at http://127.0.0.1:"), ("zh_CN.UTF-8", "按 Ctrl-C 停止。")],
)
def test_it_says_where_the_page_is_and_stops_when_told(
    locale: str, words: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "bots", "run", "--config", str(config)],
        cwd=ROOT,
        env=os.environ | {"LC_ALL": locale, "PYTHONUTF8": "1"},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        assert words in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
