"""The simulator inside the container, asked through `docker compose exec` as the README has it: Telegram's side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.containers.newcomer import SOON, Newcomer

ONE_LINER = (
    "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], sys.argv[2].encode() or None).read().decode())"
)

Report = dict[str, Any]


class Telegram:
    """One bot's account at the simulator of the supervisor's present life."""

    def __init__(self, newcomer: Newcomer, api_url: str, bot_id: int) -> None:
        self._newcomer = newcomer
        self._address = f"{api_url}/simulator/bots/{bot_id}"

    async def write(self, text: str) -> None:
        """As a user does."""
        await self._ask("/messages", json.dumps({"text": text, "chat_id": 42}))

    async def report(self) -> Report:
        return await self._ask("", "")

    async def until(self, seen: Callable[[Report], bool]) -> Report:
        """The referee's report, once it is as `seen` wants it. Asked again and again, a command each time."""
        report: Report = {}
        try:
            async with asyncio.timeout(SOON):
                while not seen(report := await self.report()):
                    pass
        except TimeoutError:
            raise AssertionError(f"waited {SOON:g} s for the referee, who sees {report}") from None
        return report

    async def answers(self, text: str) -> str:
        """What the bot says to `text`."""
        before = (await self.report())["sent"]
        await self.write(text)
        report = await self.until(lambda report: report["sent"] > before and not report["pending"])
        return str(report["sent_messages"][-1]["text"])

    async def _ask(self, path: str, body: str) -> Report:
        words = ("python", "-c", ONE_LINER, self._address + path, body)
        said = await self._newcomer.compose("exec", "-T", "supervisor", *words)
        answer: Report = json.loads(said)
        return answer
