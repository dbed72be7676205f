"""Keeps one bot: brings news to its machine, in order and one at a time, and its commands to the performer.

No task of its own: news is taken in where it arrives, on the loop's thread. News that arises while other news is
being taken in waits its turn, so the machine is never entered twice.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from supervisor.core import events as e
from supervisor.core.bot import Bot
from supervisor.core.explain import phase, reason
from supervisor.keep.performer import Performer
from supervisor.keep.services import Services
from supervisor.model.bots import LogPolicy
from supervisor.model.signs import Sign
from supervisor.model.status import Phase

log = logging.getLogger(__name__)


class Keeper:
    """One bot's keeper. `on_change` is called after its phase changed, `on_rest` once nothing of it is left."""

    def __init__(
        self,
        name: str,
        services: Services,
        logs: LogPolicy,
        on_change: Callable[[Keeper], None],
        on_rest: Callable[[Keeper], None],
    ) -> None:
        self.name = name
        self.machine = Bot(name, services.journal.last_run(name))
        self.since = services.wall()
        self.phase = Phase.OFF
        self._services = services
        self._on_change = on_change
        self._on_rest = on_rest
        self._news: deque[e.Event] = deque()
        self._busy = False
        self.log = services.make_log(name, logs, self._on_sign)
        self.performer = Performer(name, services, self.tell, self.log)

    def tell(self, event: e.Event) -> None:
        """Take in one piece of news; returns when it, and what it led to at once, is taken in."""
        self._news.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._news:
                for command in self.machine.receive(self._news.popleft(), self._services.monotonic()):
                    self.performer.do(command)
        finally:
            self._busy = False
        self._observe()

    def reason(self) -> str:
        return reason(self.machine.facts, self._services.monotonic())

    @property
    def leaving(self) -> bool:
        """Nobody wants this bot any more."""
        return not self.machine.facts.wanted

    def _on_sign(self, sign: Sign) -> None:
        self.performer.on_sign(sign)

    def _observe(self) -> None:
        now = phase(self.machine.facts)
        if now is not self.phase:
            before, self.phase, self.since = self.phase, now, self._services.wall()
            why = self.reason()
            log.info("%s: %s -> %s%s", self.name, before, now, f" ({why})" if why else "")
            self._on_change(self)
        if self.leaving and self.machine.facts.at_rest:
            self._on_rest(self)
