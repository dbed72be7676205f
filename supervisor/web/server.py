"""The listener of the control API: a Unix socket that belongs to its owner alone.

The file's mode is the whole access control, so it is never wider than 0600, not even for a moment: the socket is
bound under a umask to a name that nobody knows yet, and renamed over the old one when it answers.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from supervisor.errors import SupervisorError
from supervisor.web.control import application
from supervisor.web.port import Supervisor
from supervisor.web.streams import HEARTBEAT, STOPPING

PATH_LIMIT = 99
"""Bytes of a socket's path that every Unix takes (Linux 107, macOS 103, less our suffix `.new`)."""


@asynccontextmanager
async def serve_control(supervisor: Supervisor, path: Path, *, heartbeat: float = 5.0) -> AsyncIterator[None]:
    """Answer on the Unix socket `path` while the context is open; a stale socket there is replaced.

    The caller holds the state directory's lock: nothing here asks whether somebody else listens.
    Raises SupervisorError when the path cannot be a socket.
    """
    app = application(supervisor)
    app[HEARTBEAT] = heartbeat
    app[STOPPING] = asyncio.Event()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    listener = _bind(path)
    try:
        site = web.SockSite(runner, listener)
        await site.start()
        _publish(path)
        yield
    finally:
        _remove(path)
        app[STOPPING].set()
        await runner.cleanup()
        listener.close()


def _bind(path: Path) -> socket.socket:
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise SupervisorError(
            f"the path of the control socket is too long for this system: {path}\n"
            "Name a shorter state directory with --state-dir or BOTCTL_STATE_DIR."
        )
    fresh = _fresh(path)
    _remove(fresh)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(fresh))
    except OSError as error:
        listener.close()
        raise SupervisorError(f"cannot make the control socket {path}: {error.strerror}") from error
    finally:
        os.umask(before)
    return listener


def _publish(path: Path) -> None:
    _fresh(path).replace(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _fresh(path: Path) -> Path:
    return path.with_name(path.name + ".new")
