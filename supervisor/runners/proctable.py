"""Which processes belong to a run: by mark, by descent, by the groups and sessions its members lead.

A scan is a snapshot in which nothing can hide by forking and dying while we read: the list of pids is read
again until it brings no new one. Scans asked for at the same time are one scan, so stopping 300 bots reads
the table a few times only. It kills nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Iterable

from supervisor.runners.marks import Mark
from supervisor.runners.procfs import Process, find_mark, has_open, list_pids, read_environ, read_process

_SLICE = 0.004
"""Seconds of reading after which the loop gets a turn."""
_ROUNDS = 20
_LOOKS = 20


class Snapshot:
    """The process table of one moment. Zombies are not in it."""

    def __init__(self, processes: Iterable[Process]) -> None:
        self.processes = {process.pid: process for process in processes}
        self._children: defaultdict[int, list[Process]] = defaultdict(list)
        self._bodies: defaultdict[int, list[Process]] = defaultdict(list)
        self._marked: defaultdict[Mark, list[Process]] = defaultdict(list)
        for process in self.processes.values():
            self._children[process.ppid].append(process)
            self._bodies[process.pgid].append(process)
            if process.sid != process.pgid:
                self._bodies[process.sid].append(process)
        self._spared = self._line_of(os.getpid())
        self._inherit()

    @property
    def marks(self) -> Iterable[Mark]:
        return self._marked.keys()

    def members(
        self,
        mark: Mark,
        leader: tuple[int, float] | None = None,
        known: Iterable[tuple[int, float]] = (),
        lease: tuple[int, int] | None = None,
    ) -> list[Process]:
        """Everything of the run `mark` whose first process is (was) `leader`, a pid and its start time.

        `known` are members seen before, which may have lost every sign of it since. `lease` is the file (device,
        inode) that only this run has inherited: an orphan of ours that has it open is the run's, whatever it hides.
        """
        found: dict[int, Process] = {}
        fresh = list(self._marked.get(mark, ()))
        if lease is not None:
            orphans = (child for child in self._children.get(os.getpid(), ()) if child.mark is None)
            fresh += [child for child in orphans if has_open(child.pid, lease)]
        if leader is not None:
            fresh += self._led_by(*leader)
        for pid, started in known:
            process = self.processes.get(pid)
            if process is not None and process.started == started:
                fresh.append(process)
        while fresh:
            process = fresh.pop()
            if process.pid in found or process.pid in self._spared:
                continue
            found[process.pid] = process
            fresh += self._children.get(process.pid, ())
            if process.pid in (process.pgid, process.sid):
                fresh += self._bodies[process.pid]
        return list(found.values())

    def _inherit(self) -> None:
        """Who cleared its environment has the mark of its parent, and keeps it when the parent is gone."""
        for process in self.processes.values():
            line: list[Process] = []
            elder: Process | None = process
            while elder is not None and elder.mark is None and elder.pid not in self._spared and elder not in line:
                line.append(elder)
                elder = self.processes.get(elder.ppid)
            if elder is None or elder.mark is None or elder.pid in self._spared:
                continue
            for heir in line:
                heir.mark = elder.mark
        for process in self.processes.values():
            if process.mark is not None:
                self._marked[process.mark].append(process)

    def _led_by(self, pid: int, started: float) -> list[Process]:
        """Its group and session outlive a leader; but when its pid has a new owner, both are the new owner's."""
        owner = self.processes.get(pid)
        if owner is not None and owner.started != started:
            return []
        return self._bodies.get(pid, [])

    def _line_of(self, pid: int) -> set[int]:
        """We and our ancestors are nobody's members, even if we were started from inside a bot."""
        line = {0, 1}
        while pid not in line:
            line.add(pid)
            process = self.processes.get(pid)
            pid = process.ppid if process else 0
        return line


class ProcessTable:
    """Takes snapshots; remembers whose a process is, for programs that clear their environment.

    What cleared its environment, left the session and lost its parent before any scan saw it shows itself only by
    the lease that it inherited; if it closed that as well, it is lost to us.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._coming: asyncio.Task[Snapshot] | None = None
        self._known: dict[tuple[int, float], Mark] = {}

    async def scan(self) -> Snapshot:
        """A snapshot that was begun after this call; shared by everybody who asks before it begins.

        Raises OSError when the table cannot be read, so that this never looks like an empty one.
        """
        if self._coming is None:
            self._coming = asyncio.create_task(self._scan(), name="scan")
        return await asyncio.shield(self._coming)

    async def _scan(self) -> Snapshot:
        async with self._lock:
            self._coming = None
            read: dict[int, Process | None] = {}
            began = time.monotonic()
            for _ in range(_ROUNDS):
                fresh = [pid for pid in list_pids() if pid not in read]
                if not fresh:
                    break
                for pid in fresh:
                    read[pid] = self._read(pid)
                    if time.monotonic() - began > _SLICE:
                        await asyncio.sleep(0)
                        began = time.monotonic()
            found = [process for process in read.values() if process is not None and process.alive]
            snapshot = Snapshot(found)
            self._known = {process.identity: process.mark for process in found if process.mark is not None}
            return snapshot

    def _read(self, pid: int) -> Process | None:
        process = read_process(pid)
        if process is not None and process.alive and process.program:
            process.mark = self._known.get(process.identity) or self._mark_of(pid)
        return process

    def _mark_of(self, pid: int) -> Mark | None:
        """The environment is empty for a moment while a program is being executed: then look again."""
        environ = None
        for _ in range(_LOOKS):
            environ = read_environ(pid)
            if environ is None or environ:
                break
        return find_mark(environ) if environ else None
