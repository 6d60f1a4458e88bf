"""A restore that is killed at each of its steps on the disk, in a process of its own each.

Usage: python -m tests.backup.killed CONFIG FILE FOLDER: prints a line for each kill: what was
found afterwards, and what a start made of it.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from bots.backup.places import Places, places
from bots.backup.plan import complete
from bots.backup.restore import put
from bots.config import load
from storage.sqlite.holding import held
from tests.backup.stage import content, rows
from tests.store.talk import NOW

STEPS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}
)


def main() -> None:
    config, file, folder = map(Path, sys.argv[1:])
    before, old = content(folder), rows(folder / "parley.db")
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    for nth in range(1, 1000):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        pid = os.fork()
        if not pid:
            restore(places(load(config)), file, nth)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            print(f"ended {os.WEXITSTATUS(status)} after {nth - 1}")
            return
        decided = (folder / "restore.json").exists()
        complete(folder)
        if held(folder / "parley.db"):
            aside = next(folder.glob("before-restore-*"))
            whole = content(aside) == before and rows(aside / "parley.db") == old
            print("new", "whole" if whole else "broken", "decided" if decided else "undecided")
        else:
            drafts = {name for name in content(folder) if name.startswith(".restoring/")}
            same = {k: v for k, v in content(folder).items() if k not in drafts} == before
            print("old", "whole" if same and rows(folder / "parley.db") == old else "broken")


def restore(places: Places, file: Path, nth: int) -> None:
    left = [nth]

    def step(event: str, given: tuple[object, ...]) -> None:
        if event not in STEPS or (event == "open" and str(places.data) not in str(given[0])):
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    try:
        put(places, file, NOW, replace=True)
    except BaseException:  # noqa: BLE001 - nothing may go on in this copy of the process
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
