"""The experiments, by the names of their files."""

from importlib import import_module
from pathlib import Path

from prove.experiment import Experiment

FOLDER = Path(__file__).parent / "experiments"


def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("[a-z]*.py")))


def find(name: str) -> Experiment:
    found = import_module(f"prove.experiments.{name}").EXPERIMENT
    if not isinstance(found, Experiment):
        raise TypeError(f"prove/experiments/{name}.py: expected an Experiment, got {found!r}")
    return found
