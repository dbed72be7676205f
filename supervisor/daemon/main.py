"""From `botctl up` to its exit code: the locks, the order of starting, the signals, the order of leaving.

Starting: state lock, guard, sweep of what an earlier life left (before anything runs), fleet, control socket.
Leaving: bots first, each proved gone, then the control socket, the journal, the guard, the lock.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from supervisor.config.load import load
from supervisor.config.watch import changes
from supervisor.daemon.build import Built, build
from supervisor.daemon.complaints import Complaints
from supervisor.daemon.simulation import demo_rival
from supervisor.errors import AlreadyRunning, SupervisorError
from supervisor.journal import Journal
from supervisor.leases import StateLock, lock_state
from supervisor.model.bots import Fleet
from supervisor.paths import control_socket
from supervisor.runners.guard import Guard, start_guard
from supervisor.runners.linux import become_subreaper
from supervisor.web.server import serve_control

log = logging.getLogger(__name__)

DESCRIPTORS = 65_536
"""Two pipes, a log, a lease and a pidfd a bot: the usual 1024 ends at about 150 bots."""

UPKEEP_EVERY = 2.0
"""Seconds between two looks at whether the leases' files are still there; one look costs 10 us a bot."""

OVERDUE = 5.0
"""Seconds for the threads to end once all bots are gone; one that reads from a dead mount never does."""


def run(config: Path, state_dir: Path, log_format: str = "auto", demo_conflict: bool = False) -> int:
    """Run the fleet until SIGTERM or SIGINT; 0 after an orderly end.

    Raises ConfigError (bots.yaml cannot be used), AlreadyRunning, or another SupervisorError with its remedy.
    """
    environ = dict(os.environ)
    fleet = load(config, environ)
    lock = _lock(state_dir)
    try:
        _raise_descriptor_limit()
        journal = Journal(state_dir / "journal.sqlite")
        boot = uuid.uuid4().hex[:8]
        guard = start_guard(journal.fleet_id, boot)
        overdue = threading.Timer(OVERDUE, os._exit, (0,))
        overdue.daemon = True
        try:
            built = build(config, environ, state_dir, journal, boot, log_format, fleet)
            life = _live(built, fleet, state_dir, guard, demo_conflict=demo_conflict)
            return asyncio.run(_then(life, overdue.start))
        finally:
            overdue.cancel()
            if guard is not None:
                guard.release()
            journal.close()
    finally:
        lock.release()


async def _then(life: Coroutine[None, None, int], done: Callable[[], None]) -> int:
    """After an orderly end asyncio waits for its threads, as long as they take."""
    code = await life
    done()
    return code


def _lock(state_dir: Path) -> StateLock:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = lock_state(state_dir, " ".join(sys.argv))
    except OSError as error:
        raise SupervisorError(
            f"cannot use the state directory {state_dir}: {error.strerror}\n"
            "Name another one with --state-dir or BOTCTL_STATE_DIR."
        ) from None
    if not isinstance(lock, StateLock):
        raise AlreadyRunning(lock)
    return lock


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _live(built: Built, fleet: Fleet, state_dir: Path, guard: Guard | None, *, demo_conflict: bool) -> int:
    reaper = built.reaper
    reaper.install()
    asyncio.get_running_loop().set_exception_handler(Complaints())
    become_subreaper()
    leave = asyncio.Event()
    try:
        await _sweep(built)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(built.close)
            _heed_signals(built, leave)
            await stack.enter_async_context(serve_control(built.office, control_socket(state_dir)))
            await stack.enter_async_context(_background(_watch(built), "watch"))
            await stack.enter_async_context(_background(_upkeep(built), "upkeep"))
            await built.office.apply(fleet)
            if demo_conflict:
                rival = demo_rival(built.roster, built.simulation.url)
                await stack.enter_async_context(_background(rival, "demo rival"))
            log.info("supervisor pid %d runs %s", os.getpid(), built.office.summary())
            await leave.wait()
            began = time.monotonic()
            await built.roster.leave("the supervisor is leaving")
            log.info("all bots have stopped (%.1f s)", time.monotonic() - began)
        if guard is not None:
            await guard.leave(reaper)
        return 0
    finally:
        reaper.close()
        built.echo.close()


async def _sweep(built: Built) -> None:
    """Whatever an earlier life of this supervisor left is ended before anything starts."""
    for runner in built.runners.values():
        ended = await runner.sweep()
        if ended:
            log.warning("ended %d process(es) that an earlier supervisor left: pid %s", len(ended), ended)


def _heed_signals(built: Built, leave: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def end(name: str) -> None:
        if leave.is_set():
            log.warning("%s again: killing what is left", name)
            built.roster.hasten()
        else:
            log.info("%s: stopping all bots; once more kills them", name)
            leave.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number.name)
    # The kernel drops what PID 1 has no handler for: our image holds it back until now (scripts/container-entry).
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    loop.add_signal_handler(signal.SIGHUP, lambda: built.spawn(_reload(built, "SIGHUP")))


async def _watch(built: Built) -> None:
    async for _ in changes(built.office.files):
        await _reload(built, "a file changed")


async def _upkeep(built: Built) -> None:
    while True:
        await asyncio.sleep(UPKEEP_EVERY)
        built.roster.upkeep()


async def _reload(built: Built, why: str) -> None:
    """Whatever goes wrong here (no thread to be had, no memory), the next change is looked at all the same."""
    log.debug("reload: %s", why)
    try:
        await built.office.reload()
    except SupervisorError as error:
        log.warning("%s: %s", why, error)
    except Exception:
        log.exception("%s, but bots.yaml could not be read; the fleet goes on as it was", why)


@asynccontextmanager
async def _background(work: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(work, name=name)
    task.add_done_callback(_complain)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended", task.get_name(), exc_info=error)
