"""How the person at the terminal starts Parley again."""

import shutil
import sys
from pathlib import Path


def command(folder: Path) -> str:
    """What to type, in `folder`, for this installation's `parley`."""
    own = Path(sys.prefix) / "bin" / "parley"
    found = shutil.which("parley")
    if found and Path(found).resolve() == own.resolve():
        return "parley"
    within = Path(sys.prefix).parent == folder
    return str(own.relative_to(folder)) if within else str(own)
