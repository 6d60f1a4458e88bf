"""A target on inputs again, or fuzzed by atheris: see `python -m prove.fuzz --help`."""

import argparse
import sys
import traceback
from pathlib import Path


def main() -> int:
    top = argparse.ArgumentParser(prog="python -m prove.fuzz", description=__doc__)
    top.add_argument("target", metavar="TARGET", help="a parser's name in prove/fuzz/table.py")
    top.add_argument("files", nargs="*", type=Path, metavar="FILE", help="inputs to try again")
    top.add_argument("--guided", type=int, metavar="SECONDS", help="by atheris, for so long")
    top.add_argument("--folder", type=Path, default=Path(), help="for what atheris finds")
    top.add_argument("--seed", type=int, default=1)
    options = top.parse_args()
    if options.guided:  # before anything that it watches is imported
        from prove.fuzz.guided import fuzz  # noqa: PLC0415

        fuzz(options.target, options.folder.absolute(), options.guided, options.seed)
    return max((again(options.target, file) for file in options.files), default=0)


def again(name: str, file: Path) -> int:
    from prove.fuzz.table import TARGETS  # noqa: PLC0415

    try:
        TARGETS[name].try_on(file.read_bytes())
    except Exception:
        traceback.print_exc()
        return 1
    sys.stdout.write(f"{name}: {file} is read as it should be\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
