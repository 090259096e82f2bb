"""Other processes for tests: started in milliseconds, and killed at any moment."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

PRELOAD = (
    "__main__",
    "alembic.command",
    "learndock.catalogues.sql",
    "learndock.service.dock",
    "learndock.stores.folder",
    "learndock.testing.catalogue",
)
"""What a server process imports once, so that those forked from it need not."""


def start(code: str, **names: Any) -> BaseProcess:
    """Start a process that runs Python code; it inherits no file, lock or thread.

    Parameters
    ----------
    code : str
        What to run.
    **names
        What the code finds defined.

    Examples
    --------
    >>> process = start("raise SystemExit(value)", value=3)
    >>> process.join()
    >>> process.exitcode
    3
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    process = context.Process(target=exec, args=(code, names))
    process.start()
    return process


def run_together(code: str, each: list[dict[str, Any]]) -> list[int | None]:
    """Run the same code in one process for each set of names, and return their exit codes.

    The code finds `gate` defined: ``gate.wait()`` returns when all processes have come so far.
    """
    gate = multiprocessing.get_context("forkserver").Barrier(len(each))
    processes = [start(code, gate=gate, **names) for names in each]
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def kill_after(process: BaseProcess, seconds: float, *, ready: Callable[[], bool]) -> None:
    """Kill a process some seconds after it is ready.

    Raises
    ------
    AssertionError
        If it ended before that.
    """
    while not ready():
        if not process.is_alive():
            raise AssertionError(f"the process ended by itself, with {process.exitcode}")
        time.sleep(0.001)
    time.sleep(seconds)
    process.kill()
    process.join()
