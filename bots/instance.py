"""The installation's own secret: what its cookies and hashes are keyed with."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import ConfigError
from core.secret import Secret
from storage.durable import write_once

FILE = "instance.key"
KEY_CHARS = 64
LOCK = "in-use.lock"


class InUse(ConfigError):
    """Another process works with the data folder."""


def instance_secret(folder: Path) -> Secret:
    """Read the key from `folder`, or make it there, readable by this user alone."""
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            write_once(path, secrets.token_hex(32).encode())
        key = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise _no_right(path, error) from error
    if len(key) < KEY_CHARS:
        raise ConfigError(
            f"expected a key of {KEY_CHARS} characters in {path}, got {len(key)}; restore the file "
            "from a backup, or remove it: then one is made, and all who use the page begin anew"
        )
    return Secret(key)


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep other processes off a data folder: they would answer the same messages.

    The lock goes with the process, however it ends. Raises ConfigError, InUse.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InUse(
            f"expected {folder} for this process alone, but another Parley works with it; "
            "stop that one, or choose another data folder"
        ) from error
    except OSError as error:
        raise _no_right(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _no_right(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"expected to read and write {path}, got: {error.strerror}; "
        "give this user the right to, or choose another [storage] data folder"
    )


def derive(secret: Secret, purpose: str) -> Secret:
    """A key for one purpose alone."""
    return Secret(hmac.new(secret.reveal().encode(), purpose.encode(), "sha256").hexdigest())


def keyed_hash(secret: Secret, text: str) -> str:
    """32 hexadecimal digits that tell nothing of `text` to who has no key."""
    key = secret.reveal().encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()
