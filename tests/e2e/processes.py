"""The process table, which is the second referee beside the simulator: who lives, in whose name, and when it ended.

Reads /proc itself and shares no code with what is tested.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = b"BOTCTL_RUN="


@dataclass(frozen=True, order=True)
class Marked:
    """A live process of a run: BOTCTL_RUN=<fleet>/<boot>/<bot>/<number>."""

    bot: str
    boot: str
    number: int
    pid: int


def marked(fleet: str) -> list[Marked]:
    """Every live process of this fleet's runs, whichever life of its supervisor started it."""
    found = []
    for pid in _pids():
        for variable in _read(pid, "environ").split(b"\0"):
            if variable.startswith(MARK):
                owner, boot, *bot, number = variable.removeprefix(MARK).decode().split("/")
                if owner == fleet:
                    found.append(Marked("/".join(bot), boot, int(number), pid))
    return sorted(found)


def runs(fleet: str, bot: str) -> set[tuple[str, int]]:
    """The runs of one bot that live now; more than one is what must never be."""
    return {(process.boot, process.number) for process in marked(fleet) if process.bot == bot}


def naming(words: Iterable[str]) -> dict[int, str]:
    """Live processes that have one of `words` in their environment or command line, with their command lines."""
    needles = [word.encode() for word in words]
    found = {}
    for pid in _pids():
        command = _read(pid, "cmdline")
        text = command + _read(pid, "environ")
        if any(needle in text for needle in needles):
            found[pid] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def command_lines() -> bytes:
    return b"\n".join(_read(pid, "cmdline") for pid in _pids())


def environment(pid: int) -> dict[str, str]:
    pairs = _read(pid, "environ").decode(errors="replace").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


async def ended(*pids: int) -> None:
    """Wait until all of these are gone (a zombie is)."""
    await asyncio.gather(*(_ended(pid) for pid in pids))


async def none_left(fleet: str) -> None:
    """Wait until no process of the fleet lives; each new look follows the end of all that the last one saw."""
    while found := marked(fleet):
        await ended(*(process.pid for process in found))


async def _ended(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _pids() -> list[int]:
    own = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != own]  # noqa: PTH208


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
