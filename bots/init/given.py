"""Secrets as they are given: by their place, on standard input, or typed."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from bots.config.expect import Wrong
from bots.config.secrets import secret
from bots.init.prompt import Prompt
from core.errors import ConfigError
from core.secret import Secret

Parse: TypeAlias = Callable[[object, Path, Mapping[str, str]], Secret]


class Given(Struct, frozen=True, kw_only=True):
    """`source` is where it stays, "env:…" or "file:…"; "" for one that is kept in a file later."""

    secret: Secret
    source: str = ""


def given(
    options: argparse.Namespace, prompt: Prompt, source: str | None, question: str, option: str
) -> Given:
    """Follow `source`, the value of `option`; without one ask. Raises ConfigError."""
    match source:
        case "-" if not prompt.interactive:
            return Given(secret=Secret(sys.stdin.readline().strip()))
        case None | "-":
            return Given(secret=Secret(prompt.hidden(question, option)))
    return Given(secret=value_of(source, options.config, option, secret), source=source)


def value_of(text: str, config: Path, option: str, parse: Parse) -> Secret:
    """Raises ConfigError, naming the option."""
    try:
        return parse(text, config.absolute().parent, os.environ)
    except Wrong as error:
        raise ConfigError(f"{option}: {error}") from error
