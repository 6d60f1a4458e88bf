"""What the machine has for speech: programs, and packages of the `sandbox` extra."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from bots.sandbox.failure import Refusal

REMEDY = "Install it: pip install 'parley[sandbox]', or in a checkout pip install -e '.[sandbox]'."


def _has_package(name: str) -> bool:
    return find_spec(name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`program` finds a program's path by its name; `package` tells if one can be imported."""

    program: Callable[[str], str | None] = shutil.which
    package: Callable[[str], bool] = _has_package

    def require(self, purpose: str, *packages: str) -> None:
        """Raises Refusal (501) naming what is missing and how to get it."""
        missing = [name for name in packages if not self.package(name)]
        if missing:
            raise Refusal(
                501,
                f"{purpose} needs {' and '.join(missing)}, of Parley's 'sandbox' extra. {REMEDY}",
                code="extra_missing",
            )
