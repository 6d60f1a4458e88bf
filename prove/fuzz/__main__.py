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
    from prove.fuzz.measure import cost  # noqa: PLC0415
    from prove.fuzz.table import TARGETS  # noqa: PLC0415

    data = file.read_bytes()
    try:
        TARGETS[name].try_on(data)
    except Exception:
        traceback.print_exc()
        return 1
    told = cost(TARGETS[name], data)
    how = "takes too long" if told.slow else "is read as it should be"
    sys.stdout.write(f"{name}: {file} {how}: {told.ms:.0f} ms, {told.ms_a_kb:.1f} ms a KB\n")
    return int(told.slow)


if __name__ == "__main__":
    sys.exit(main())
