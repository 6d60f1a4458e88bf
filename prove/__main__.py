"""Runs the experiments, each in a process of its own, and prints what they found.

Usage: sh script/prove [--long] [--only NAME,NAME] [--seed N] [--jobs N] [--markdown FILE]
"""

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bots.collector import look_seldom
from prove.experiment import Finding, Scale
from prove.found import find, names
from prove.table import LEGEND, Result, markdown, plain, remarks

ROOT = Path(__file__).parent.parent
JOBS = min(3, os.cpu_count() or 2)
LIMIT_S = {False: 120.0, True: 3600.0}
"""How long one experiment may take, its short form and its long one."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.one:
        return one(options)
    chosen = options.only.split(",") if options.only else names()
    if unknown := set(chosen) - set(names()):
        sys.stderr.write(f"expected names out of {', '.join(names())}; got {', '.join(unknown)}\n")
        return 2
    form = "long" if options.long else "short"
    sys.stdout.write(f"{len(chosen)} experiments in their {form} form, {options.jobs} at a time\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # experiments end with it
    try:
        results = asyncio.run(run_all(chosen, options))
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"\n{plain(results)}\n{LEGEND}\n")
    if options.markdown:
        options.markdown.write_text(markdown(results) + "\n", encoding="utf-8")
    bad = [result.name for result in results if not result.passed]
    sys.stdout.write(f"\n{len(results) - len(bad)} of {len(results)} experiments pass\n")
    return 1 if bad else 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="script/prove", description=__doc__)
    top.add_argument("--long", action="store_true", help="the full experiments: about an hour")
    top.add_argument("--only", metavar="NAMES", help="of files in prove/experiments, with commas")
    top.add_argument("--seed", type=int, help="repeat a run by the seed that it printed")
    top.add_argument("--jobs", type=int, default=JOBS, help="side by side (default: %(default)s)")
    top.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there, too")
    top.add_argument(
        "--hold", action="store_true", help="those that must be alone wait for standard input's end"
    )
    top.add_argument("--one", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    return top


def one(options: argparse.Namespace) -> int:
    """Inside an experiment's own process: its finding goes into the file."""
    name, file = options.one
    look_seldom()  # or it would stand still for seconds, with all that its platforms keep
    with tempfile.TemporaryDirectory(prefix=f"prove-{name}-") as folder:
        scale = Scale(long=options.long, seed=options.seed, folder=Path(folder))
        found = asyncio.run(find(name).run(scale))
    Path(file).write_bytes(msgspec.json.encode(found))
    return 0


async def run_all(chosen: Sequence[str], options: argparse.Namespace) -> list[Result]:
    """Those that must be alone come last, one by one."""
    free = asyncio.Semaphore(options.jobs)
    with tempfile.TemporaryDirectory() as folder:

        async def run(name: str) -> Result:
            async with free:
                return await run_apart(name, Path(folder) / f"{name}.json", options)

        beside = [name for name in chosen if not find(name).alone]
        done = {result.name: result for result in await asyncio.gather(*map(run, beside))}
        if options.hold:
            await asyncio.to_thread(sys.stdin.buffer.read)
        for name in chosen:
            if name not in done:
                done[name] = await run(name)
    return sorted(done.values(), key=lambda result: (result.promises, result.name))


async def run_apart(name: str, file: Path, options: argparse.Namespace) -> Result:
    """In a process of its own, which is ended where it takes too long."""
    seed = options.seed if options.seed is not None else secrets.randbelow(10**9)
    command = [sys.executable, "-m", "prove", "--one", name, str(file), "--seed", str(seed)]
    began = time.monotonic()
    pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(
        *command,
        *(["--long"] if options.long else []),
        cwd=ROOT,
        stdout=pipe,
        stderr=together,
        start_new_session=True,
    )
    limit_s = LIMIT_S[options.long]
    try:
        told, _ = await asyncio.wait_for(process.communicate(), limit_s)
        broke = told.decode(errors="replace")[-2000:].strip()
    except TimeoutError:
        await end(process)
        broke = f"it took longer than {limit_s:.0f} s"
    except asyncio.CancelledError:
        await end(process)
        raise
    found, finding = find(name), read(file)
    result = Result(
        name=name,
        title=found.title,
        promises=found.promises,
        seed=seed,
        seconds=time.monotonic() - began,
        finding=finding,
        broke="" if finding else broke,
    )
    sys.stdout.write(progress(result))
    sys.stdout.flush()
    return result


async def end(process: asyncio.subprocess.Process) -> None:
    """And its bots: they hold its pipe."""
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def progress(result: Result) -> str:
    """A line as it ends, with the reasons of one that failed."""
    how = "ok    " if result.passed else "FAILED"
    line = f"{how} {result.seconds:6.1f} s  {result.name} (seed {result.seed})\n"
    return line if result.passed else line + "".join(f"  {words}\n" for words in remarks(result))


def read(file: Path) -> Finding | None:
    return msgspec.json.decode(file.read_bytes(), type=Finding) if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
