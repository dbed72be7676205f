"""What each run costs: memory and processor time of everything that belongs to it, not of its leader alone.

Behind npm or `sh -c` the leader is not the bot. Sampled when somebody asks, never on a tick; the processor's
share is over the time since the last sample, or since the run's start for the first one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from supervisor.model.runs import RunId
from supervisor.runners.marks import Mark
from supervisor.runners.proctable import ProcessTable

FRESH = 0.5
"""Seconds for which a sample serves everybody who asks."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`rss` in bytes (shared pages count for each process), `cpu` in percent of one processor."""

    rss: int
    cpu: float


class Usage:
    """Samples of one supervisor's runs."""

    def __init__(self, table: ProcessTable, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._monotonic = monotonic
        self._at = float("-inf")
        self._spent: dict[RunId, tuple[float, float]] = {}
        self._costs: dict[RunId, Cost] = {}

    async def of(self, runs: Mapping[Mark, float]) -> Mapping[RunId, Cost]:
        """The cost of each run, given by its mark and when it started (monotonic seconds)."""
        now = self._monotonic()
        if now - self._at < FRESH and all(mark.run in self._costs for mark in runs):
            return self._costs
        snapshot = await self._table.scan()
        spent: dict[RunId, tuple[float, float]] = {}
        costs: dict[RunId, Cost] = {}
        for mark, started in runs.items():
            members = snapshot.members(mark)
            cpu = sum(process.cpu for process in members)
            since, before = self._spent.get(mark.run, (started, 0.0))
            share = max(0.0, cpu - before) / max(now - since, 0.1) * 100
            spent[mark.run] = (now, cpu)
            costs[mark.run] = Cost(sum(process.rss for process in members), round(share, 1))
        self._at, self._spent, self._costs = now, spent, costs
        return costs
