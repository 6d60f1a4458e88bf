"""Names on the disk that outlive a power cut."""

import errno
import os
from pathlib import Path

UNABLE = (errno.EINVAL, errno.ENOTSUP)
"""What file systems say that synchronise no folders: some of networks, and of user space."""


def sync_folder(folder: Path) -> None:
    """So that new names in it last, where folders can be synchronised. Raises OSError."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNABLE:
            raise
    finally:
        os.close(handle)
