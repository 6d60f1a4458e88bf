"""What only the system can give: tests skip without it, naming the package; under CI they fail."""

import os
import shutil

import pytest


def need_program(program: str, package: str) -> None:
    if shutil.which(program):
        return
    told = f"{program} is not on this machine: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)
