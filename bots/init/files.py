"""Writing the configuration and its secrets, for their owner's eyes alone."""

import os
from pathlib import Path

from core.errors import ConfigError
from core.secret import Secret
from storage.durable import write_whole


def keep_secret(folder: Path, name: str, secret: Secret) -> str:
    """Write a secret into `secrets/`, beside what is there. The answer is "file:…"."""
    place = folder / "secrets"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = free(place, name)
        write_private(path, secret.reveal() + "\n")
    except OSError as error:
        raise ConfigError(f"cannot write into {place}: {error.strerror}") from error
    return f"file:secrets/{path.name}"


def keep_config(path: Path, text: str) -> None:
    """Write the file whole, or leave what is there."""
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def free(folder: Path, name: str) -> Path:
    """The first of NAME, NAME-2, NAME-3 … that is not there."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path
