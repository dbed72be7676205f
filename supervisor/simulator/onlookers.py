"""For tests in the simulator's own process: hear of every call as it begins and ends, and wait for what it changes.

Everything the referee tells about a bot changes when a call arrives, is answered, or loses its client; so whoever
hears of these can wait for an event instead of asking again and again. Tells, and decides nothing.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from supervisor.simulator.rules.calls import Call


@dataclass(frozen=True)
class CallNews:
    """A call of one bot that `began` just now, or else was answered or lost its client just now."""

    bot_id: int
    call: Call
    began: bool


Onlooker = Callable[[CallNews], None]


class Onlookers:
    """Who is told of the calls of all bots; each is called at once, in the order of events."""

    def __init__(self) -> None:
        self._onlookers: list[Onlooker] = []

    @contextmanager
    def during(self, bot_id: int, call: Call) -> Iterator[None]:
        """The time in which the server has the call."""
        self._tell(CallNews(bot_id, call, began=True))
        try:
            yield
        finally:
            self._tell(CallNews(bot_id, call, began=False))

    @contextmanager
    def listening(self, onlooker: Onlooker) -> Iterator[None]:
        """Tell `onlooker` of everything while the context is open."""
        self._onlookers.append(onlooker)
        try:
            yield
        finally:
            self._onlookers.remove(onlooker)

    async def until(self, seen: Callable[[], bool]) -> None:
        """Return as soon as `seen()` holds; it is asked again after every piece of news."""
        news = asyncio.Event()
        with self.listening(lambda _: news.set()):
            while not seen():
                news.clear()
                await news.wait()

    def _tell(self, news: CallNews) -> None:
        for onlooker in list(self._onlookers):
            onlooker(news)
