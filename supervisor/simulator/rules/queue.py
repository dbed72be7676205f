"""The queue of one bot's updates, and the ledger of what became of each [S: td/tddb TQueue.cpp].

Every update that is accepted ends in exactly one column: pending, confirmed, dropped or lost. "Handed out" means
that a client which was still there got it in an answer, or that a webhook answered to it.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from supervisor.simulator.rules.kinds import DAY, KINDS, Lane, lane_of

MAX_UPDATES = 100_000
MAX_BYTES = 128 * 2**20
MAX_ID = 2_000_000_000
ANSWER_BYTES = 1 << 22
FIRST_ID = (2_000_001, 1_000_000_000)


@dataclass(eq=False)
class Update:
    """One update, already printed."""

    id: int
    body: str
    """`"message":{...}`: the answer's text without the id."""
    expires_at: float
    lane: Lane
    handed_out: bool = False

    def text(self) -> str:
        """The update as the server prints it, line break included."""
        return f'{{"update_id":{self.id},\n{self.body}}}'


@dataclass
class Ledger:
    """What became of the updates."""

    received: int = 0
    confirmed: int = 0
    """Deleted by a higher offset or a webhook's 2xx after having been handed out."""
    dropped: int = 0
    """Handed out, then deleted without being confirmed."""
    lost: int = 0
    """Deleted, by whatever cause, without ever having been handed out."""


class UpdateQueue:
    """Unconfirmed updates of one bot, oldest first."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """`chance` gives numbers in 0..1; the first id is drawn with it."""
        self.ledger = Ledger()
        self._chance = chance
        self._updates: OrderedDict[int, Update] = OrderedDict()
        self._bytes = 0
        self._tail = 0
        self._last_push = 0.0

    def __len__(self) -> int:
        return len(self._updates)

    @property
    def tail(self) -> int:
        """The id that the next update will get; 0 before the first one ever."""
        return self._tail

    @property
    def head(self) -> int:
        """The id of the oldest update, or the tail."""
        return next(iter(self._updates), self._tail)

    def push(self, now: float, kind: str, content: dict[str, Any], update_id: int | None = None) -> Update | None:
        """Append an update; None when the queue is full. `update_id` is taken if it is not behind."""
        body = f"{json.dumps(kind)}:{json.dumps(content, ensure_ascii=False, separators=(',', ':'))}"
        self.ledger.received += 1
        if len(self._updates) >= MAX_UPDATES or self._bytes + len(body) > MAX_BYTES:
            self.ledger.lost += 1
            return None
        self._tail = self._next_id(now, update_id)
        update = Update(self._tail, body, now + KINDS[kind].keep, lane_of(kind, content))
        self._updates[update.id] = update
        self._bytes += len(body)
        self._tail += 1
        self._last_push = now
        return update

    def _next_id(self, now: float, wanted: int | None) -> int:
        if wanted is not None and wanted >= self._tail:
            return wanted
        # A queue idle for a week may be numbered anew [D].
        if not self._tail or (not self._updates and now - self._last_push > 7 * DAY):
            low, high = FIRST_ID
            return low + int(self._chance() * (high - low))
        return self._tail

    def read(self, now: float, start: int, limit: int) -> list[Update]:
        """At most `limit` updates from id `start` on; expired ones met on the way are gone."""
        self._expire(u for u in list(islice(self._updates.values(), limit)) if u.expires_at < now)
        found = (u for u in self._updates.values() if u.id >= start and u.expires_at >= now)
        return list(islice(found, limit))

    def accepts(self, offset: int) -> bool:
        """Whether an offset is near enough to be believed; any other counts as the head and confirms nothing."""
        return self.head - 100_000 <= offset <= self._tail + 10 and offset < MAX_ID

    def confirm_before(self, offset: int) -> None:
        """Forget every update with a lower id."""
        while self._updates and self.head < offset:
            self.forget(self.head)

    def forget(self, update_id: int) -> None:
        """One update has done its duty."""
        update = self._remove(update_id)
        if update and update.handed_out:
            self.ledger.confirmed += 1
        elif update:
            self.ledger.lost += 1

    def clear(self, keep: int = 0) -> None:
        """Delete all but the newest `keep` updates, for good."""
        while len(self._updates) > keep:
            self.drop(self.head)

    def drop(self, update_id: int) -> None:
        """Delete one update that nobody confirmed."""
        update = self._remove(update_id)
        if update and update.handed_out:
            self.ledger.dropped += 1
        elif update:
            self.ledger.lost += 1

    def collect(self, now: float) -> None:
        """Delete everything expired; the server does so every 60 s."""
        self._expire(u for u in list(self._updates.values()) if u.expires_at < now)

    def _expire(self, updates: Iterable[Update]) -> None:
        for update in updates:
            self.drop(update.id)

    def _remove(self, update_id: int) -> Update | None:
        update = self._updates.pop(update_id, None)
        if update:
            self._bytes -= len(update.body)
        return update


def print_updates(updates: list[Update]) -> tuple[str, list[Update]]:
    """The result of getUpdates, cut at about 4 MiB, and the updates that are in it."""
    left, shown = ANSWER_BYTES, list[Update]()
    for update in updates:
        left -= 50 + len(update.body.encode())
        if left <= 0:
            break
        shown.append(update)
    return f"[{','.join(u.text() for u in shown)}]", shown
