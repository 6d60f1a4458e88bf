"""What `parley run` says once it is at work."""

import os
import sys

from adapters.console import language_of
from bots.config import Config
from bots.texts.terminal import terminal_texts


def announce(config: Config) -> None:
    """Where the chat page is, if there is one. On standard error: the other is for answers."""
    if any(entry.bot.platform == "web" for entry in config.bots):
        address = f"http://{config.server.private}/"
        words = terminal_texts().say("run_ready", language_of(os.environ), address=address)
        sys.stderr.write(f"{words}\n")
