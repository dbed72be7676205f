"""A bot as Telegram's side sees it: users who write, a rival with the same token, and the witness of its polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from supervisor.simulator.onlookers import CallNews
from supervisor.simulator.server import Simulator
from tests.e2e.daemon import SOON
from tests.e2e.processes import runs

RIVALS_LIMIT = "77"
"""How the witness tells a rival's poll from ours: nobody else asks for so many updates."""


class Account:
    """One bot's account at the simulator."""

    def __init__(self, name: str, token: str, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.name = name
        self.token = token
        self.id = int(token.partition(":")[0])
        self._simulator = simulator
        self._session = session

    @property
    def api_url(self) -> str:
        return self._simulator.url

    async def write(self, text: str) -> None:
        """As a user does."""
        await self.referee("messages", text=text)

    async def referee(self, what: str, **body: Any) -> None:
        address = f"{self._simulator.url}/simulator/bots/{self.id}/{what}"
        async with self._session.post(address, json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def call(self, method: str, **args: Any) -> dict[str, Any]:
        """As any program with this token can."""
        address = f"{self._simulator.url}/bot{self.token}/{method}"
        async with self._session.post(address, json=args) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def until(self, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The referee's report, once it is as `seen` wants it."""
        try:
            async with asyncio.timeout(SOON):
                return await self._simulator.until(self.id, seen)
        except TimeoutError:
            report = await self.report()
            raise AssertionError(f"{self.name}: waited {SOON:g} s for the referee, who sees {report}") from None

    async def report(self) -> dict[str, Any]:
        return await self._simulator.until(self.id, lambda _: True)

    async def polls(self) -> dict[str, Any]:
        """Somebody has a poll open."""
        return await self.until(lambda report: report["pollers"] > 0)

    async def answered(self, text: str) -> dict[str, Any]:
        """The bot sent a message that ends with `text`, and has confirmed every update."""
        return await self.until(lambda report: bool(answers(report, text)) and not report["pending"])

    async def talks(self, text: str) -> dict[str, Any]:
        """A user writes and the bot answers."""
        await self.write(text)
        return await self.answered(text)

    async def ask(self, text: str) -> str:
        """What the bot answers to `text`: the first new message it sends."""
        before = (await self.report())["sent"]
        await self.write(text)
        report = await self.until(lambda report: report["sent"] > before)
        return str(report["sent_messages"][before]["text"])

    async def rival_polls(self) -> dict[str, Any]:
        """One long poll by somebody else with the same token, who confirms nothing."""
        return await self.call("getUpdates", timeout=30, limit=int(RIVALS_LIMIT))

    async def rival_persists(self) -> None:
        """Poll again after every 409, as most libraries do, until an update comes or the task is cancelled."""
        while not (await self.rival_polls())["ok"]:
            pass


def answers(report: dict[str, Any], text: str) -> list[str]:
    return [sent["text"] for sent in report["sent_messages"] if sent["text"].endswith(text)]


class Witness:
    """Never two polls of ours at once, and never two runs of a bot, at any moment in which a poll begins."""

    def __init__(self, names: Callable[[int], str], fleet: Callable[[], str]) -> None:
        self.complaints: list[str] = []
        self.polls = 0
        self._names = names
        self._fleet = fleet
        self._open: dict[int, set[str | None]] = {}

    def __call__(self, news: CallNews) -> None:
        call = news.call
        if call.method != "getupdates" or call.args.get("limit") == RIVALS_LIMIT:
            return
        open_ = self._open.setdefault(news.bot_id, set())
        if not news.began:
            open_.discard(call.client)
            return
        self.polls += 1
        open_.add(call.client)
        name = self._names(news.bot_id)
        if len(open_) > 1:
            self.complaints.append(f"{name}: {len(open_)} of our polls at once")
        if len(alive := runs(self._fleet(), name)) > 1:
            self.complaints.append(f"{name}: {len(alive)} runs at once: {sorted(alive)}")
