"""A running simulator as tests see it: raw HTTP from several clients, and waiting for what the referee sees."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from supervisor.simulator.server import Simulator
from tests.simulator.stage import BOT, TOKEN

DEADLINE = 20.0


class Live:
    """One simulator with its clients; each client has connections of its own."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._clients: dict[str, aiohttp.ClientSession] = {}

    def client(self, name: str = "A") -> aiohttp.ClientSession:
        """The client of this name."""
        if name not in self._clients:
            self._clients[name] = aiohttp.ClientSession()
        return self._clients[name]

    def method_url(self, method: str, token: str = TOKEN) -> str:
        """Where a method is called."""
        return f"{self.simulator.url}/bot{token}/{method}"

    async def call(self, name: str, method: str, token: str = TOKEN, **args: Any) -> dict[str, Any]:
        """One request with a JSON body, from the client of this name."""
        async with self.client(name).post(self.method_url(method, token), json=args) as response:
            body: dict[str, Any] = await response.json()
            assert body.get("error_code", 200) == response.status
            return body

    async def result(self, name: str, method: str, **args: Any) -> Any:
        """The result of a request that must succeed."""
        body = await self.call(name, method, **args)
        assert body["ok"], body
        return body["result"]

    def poll(self, name: str, **args: Any) -> asyncio.Task[dict[str, Any]]:
        """A long poll under way."""
        return asyncio.get_running_loop().create_task(self.call(name, "getUpdates", **({"timeout": 30} | args)))

    async def referee(self, verb: str, path: str, /, **body: Any) -> dict[str, Any]:
        """Ask the referee."""
        url = f"{self.simulator.url}/simulator{path}"
        async with self.client("referee").request(verb, url, json=body or None) as response:
            answer: dict[str, Any] = await response.json()
            return answer | {"status": response.status}

    async def bot(self) -> dict[str, Any]:
        """What the referee says about the bot."""
        return await self.referee("GET", f"/bots/{BOT}")

    async def write(self, text: str, **more: Any) -> dict[str, Any]:
        """Write to the bot as a user would."""
        return await self.referee("POST", f"/bots/{BOT}/messages", text=text, **more)

    async def until(self, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask the referee until it sees that; fails at the deadline."""
        async with asyncio.timeout(DEADLINE):
            while not seen(report := await self.bot()):
                pass
        return report

    async def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            await client.close()
