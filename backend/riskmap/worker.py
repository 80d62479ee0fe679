"""Who works the jobs off: a process beside the service, so that a large import takes nothing from the map.

It is started and watched by the service. Killed, it is started again; where the service dies, it ends too.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from multiprocessing.process import BaseProcess

from riskmap.admission import batch as admission
from riskmap.base.database import app_url, make_engine
from riskmap.base.jobs import Handler, Worker
from riskmap.base.settings import Settings
from riskmap.register.imports import files
from riskmap.register.imports import run as imports
from riskmap.register.imports.service import JOB as IMPORT
from riskmap.reports import run as reports
from riskmap.rescue import roads_service as roads
from riskmap.rescue import terrain_floods
from riskmap.rescue.routing import building as routing

log = logging.getLogger(__name__)

# Two, so that a small import does not wait for one of a million rows.
_HANDS = 2
_NICENESS = 5
_LOOK_S = 1.0
_SWEEP_S = 24 * 3600
_START_AGAIN_S = 30.0

HANDLERS: Mapping[str, Handler] = {
    IMPORT: imports.run,
    admission.JOB: admission.run,
    reports.JOB: reports.run,
    roads.JOB: roads.run,
    terrain_floods.JOB: terrain_floods.run,
    routing.JOB: routing.run,
}


class Hands:
    """Threads that work jobs off, in this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = make_engine(app_url(settings), pool_size=2 * _HANDS + 2)
        self._workers = [Worker(self._engine, settings, HANDLERS) for _ in range(_HANDS)]
        self._threads = [
            threading.Thread(target=w.run, name=f"worker-{i}", daemon=True) for i, w in enumerate(self._workers)
        ]
        self._stop = threading.Event()
        self._threads.append(threading.Thread(target=self._keep_tidy, name="sweep", daemon=True))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def _keep_tidy(self) -> None:
        while not self._stop.is_set():
            try:
                files.sweep(self._engine, self._settings)
                admission.sweep(self._engine, self._settings)
                reports.sweep(self._engine, self._settings)
                roads.sweep(self._settings)
            except Exception as error:  # tidying must end nothing
                log.warning("sweep of uploads: %s", type(error).__name__)
            self._stop.wait(_SWEEP_S)

    def stop(self) -> None:
        """End after the jobs at hand; what takes longer is taken up again at the next start."""
        self._stop.set()
        for worker in self._workers:
            worker.stop()
        for thread in self._threads:
            thread.join(5)
        self._engine.dispose()


def _main(settings: Settings, parent: int) -> None:
    """The process: hands, and an eye on the service."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends us
    os.nice(_NICENESS)
    Hands(settings).start()
    alone = threading.Event()
    while os.getppid() == parent:
        alone.wait(_LOOK_S)
    os._exit(1)


class Workforce:
    """The service's own: a process, or threads where the settings say so (`RISKMAP_WORKER`)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._hands: Hands | None = None
        self._process: BaseProcess | None = None
        self._watch = threading.Thread(target=self._watch_process, name="worker-watch", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        if self._settings.worker == "thread":
            self._hands = Hands(self._settings)
            self._hands.start()
        elif self._settings.worker == "process":
            self._watch.start()

    def _watch_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        while not self._stop.is_set():
            process = context.Process(
                target=_main, args=(self._settings, os.getpid()), name="riskmap-worker", daemon=True
            )
            try:
                process.start()
            except OSError as error:  # no memory, no process: the service goes on, and tries again
                log.warning("the worker did not start: %s", type(error).__name__)
                self._stop.wait(_START_AGAIN_S)
                continue
            self._process = process
            while process.is_alive() and not self._stop.wait(_LOOK_S):
                pass
            if not self._stop.is_set():
                log.warning("the worker ended (%s) and is started again", process.exitcode)
                self._stop.wait(_LOOK_S)

    def stop(self) -> None:
        """End; a job at hand is taken up again at the next start."""
        self._stop.set()
        if self._hands is not None:
            self._hands.stop()
        if self._watch.is_alive():
            self._watch.join(5)
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join(5)
