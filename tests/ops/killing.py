"""Work that is killed at random moments: what a round looks at while, and at the end."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.api.imports import OVER
from tests.ops.test_start import Instance

# Five in the usual run; RISKMAP_KILL_ROUNDS=20 for a thorough one.
ROUNDS = int(os.environ.get("RISKMAP_KILL_ROUNDS", "5"))
_WAITS = 1200  # of 0.1 s
# The job, and then how much of what it writes is there.
Look = Callable[[], tuple[dict[str, Any], int]]


def kill_workers(instance: Instance) -> None:
    """Kill the processes of the service that work jobs off."""
    assert instance.process is not None
    for thread in Path(f"/proc/{instance.process.pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes().decode():
                os.kill(int(child), signal.SIGKILL)


def whole_or_nothing(look: Look, rows: int) -> str:
    """What stands right after a kill is all or nothing, and all only of a job that is done; the job's status then."""
    job, total = look()
    later, _ = look()
    assert total in {0, rows}
    if job["status"] == "done":
        assert total == rows
    if total == rows:
        assert later["status"] == "done"
    return str(job["status"])


def whole_at_the_end(look: Look, rows: int, count: str) -> None:
    """The next worker takes it up again: it ends with all of it, written once."""
    nothing = threading.Event()
    for _ in range(_WAITS):
        job, total = look()
        if job["status"] in OVER:
            break
        nothing.wait(0.1)
    assert (job["status"], total) == ("done", rows), job["message"]
    assert job["rows"][count] == rows
