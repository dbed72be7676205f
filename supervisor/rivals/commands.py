"""Commands for other people's keepers, as text to show and as words to run: what is shown is what is run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Protocol

from supervisor.rivals.processes import user_name

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEPT = ("HOME", "PATH", "LANG", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DOCKER_HOST")


class Run(Protocol):
    """Runs one command to its end, without a shell.

    Returns its exit code and what it wrote (both streams, some kilobytes at most); raises OSError when it cannot be
    started, TimeoutError when it took longer than `timeout` seconds and was killed. The daemon may not use
    subprocess for this (its reaper collects every child), so it is given.
    """

    async def __call__(self, argv: Sequence[str], environ: dict[str, str], timeout: float) -> tuple[int, str]: ...


def text(*argv: str, uid: int | None = None, environ: dict[str, str] | None = None) -> str:
    """A line for a shell; as the user `uid`, where that is not us, by the means that we have."""
    words = [f"{name}={value}" for name, value in (environ or {}).items()]
    if words:
        words.insert(0, "env")
    words += argv
    if uid is not None and uid != os.geteuid():
        words = [*(_become(uid)), *words]
    return shlex.join(words)


def words_of(command: str) -> list[str]:
    """The words to run for a line made by `text`."""
    return shlex.split(command)


def environment() -> dict[str, str]:
    """Enough to run a keeper's program; no tokens, which it might hand to what it starts."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {"PATH": _PATH} | kept


def needs_other_user(uid: int) -> bool:
    """Whether we lack the right to end what `uid` runs."""
    return os.geteuid() not in (0, uid)


def _become(uid: int) -> list[str]:
    if uid == 0:
        return ["sudo"]
    if os.geteuid() == 0:
        return ["runuser", "-u", user_name(uid), "--"]
    return ["sudo", "-u", user_name(uid)]
