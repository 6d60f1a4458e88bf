"""The page's own files, read once into memory."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    content: bytes
    mime: str
    etag: str


def load_assets(folder: Path) -> Mapping[str, Asset]:
    """Every file directly in `folder` by its name. Blocks on the disk."""
    return {path.name: _load(path) for path in sorted(folder.iterdir()) if path.is_file()}


def _load(path: Path) -> Asset:
    content = path.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(
        content=content,
        mime=TYPES.get(path.suffix, guessed),
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )
