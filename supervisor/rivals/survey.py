"""One pass over the process table, and the engine's containers: what this host shows of all tokens at one moment.

A survey holds the tokens it found, of whatever bot, for the second or two that it is used.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from supervisor.rivals.processes import Process, list_pids, read_process
from supervisor.rivals.unread import what_is_hidden


@dataclass(frozen=True)
class Survey:
    """The process table of one moment; `unread` is in words. `own` is this process and its ancestors."""

    processes: Mapping[int, Process] = field(repr=False)
    unread: tuple[str, ...] = ()
    own: frozenset[int] = frozenset()

    @cached_property
    def children(self) -> Mapping[int, tuple[Process, ...]]:
        found: defaultdict[int, list[Process]] = defaultdict(list)
        for process in self.processes.values():
            found[process.ppid].append(process)
        return {pid: tuple(below) for pid, below in found.items()}

    @cached_property
    def holders(self) -> Mapping[int, tuple[Process, ...]]:
        """By bot id, who has something of the shape of that bot's token anywhere."""
        found: defaultdict[int, list[Process]] = defaultdict(list)
        for process in self.processes.values():
            for bot_id in {digits for digits, _ in process.environment + process.command_line + process.env_file}:
                found[bot_id].append(process)
        return {bot_id: tuple(having) for bot_id, having in found.items()}

    def ancestors(self, process: Process) -> Iterator[Process]:
        """From its parent upwards; those that may be seen."""
        seen = {process.pid}
        while (parent := self.processes.get(process.ppid)) is not None and parent.pid not in seen:
            seen.add(parent.pid)
            yield parent
            process = parent


def take_survey() -> Survey:
    """Blocks for some milliseconds per hundred processes; meant for a thread."""
    read: dict[int, Process] = {}
    known: set[int] = set()
    # What is forked while we read is seen by reading the list once more.
    for _ in range(2):
        for pid in list_pids():
            if pid not in known:
                known.add(pid)
                process = read_process(pid)
                if process is not None:
                    read[pid] = process
    own = line_of(os.getpid(), read)
    return Survey(read, what_is_hidden([each for each in read.values() if each.pid not in own]), own)


def line_of(pid: int, processes: Mapping[int, Process]) -> frozenset[int]:
    """`pid` and everything above it, the first process included."""
    line = {1}
    while pid > 0 and pid not in line:
        line.add(pid)
        pid = processes[pid].ppid if pid in processes else 0
    return frozenset(line)
