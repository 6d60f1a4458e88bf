"""The packages that know sound's formats: extras, imported when a recording comes."""

from importlib import import_module
from typing import Any

from core.errors import MediaError

PROJECTS = {"av": "av", "pysilk": "silk-python"}


def need(module: str) -> Any:
    """Raises MediaError naming what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MediaError(
            f"expected the package {PROJECTS[module]} for this recording, got none: "
            f"pip install {PROJECTS[module]}"
        ) from error
