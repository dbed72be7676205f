"""Our own calls, against the simulator over real HTTP: results, errors by kind, and a probe that harms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import aiohttp.web
import pytest

from supervisor.model.bots import Token
from supervisor.simulator.server import Simulator
from supervisor.telegram import BotApi, Refused, TokenRejected, Unreachable

SECRET = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
TOKEN = Token(SECRET)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator()
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
def url(simulator: Simulator) -> str:
    return simulator.url


async def referee(url: str, path: str, **body: object) -> dict[str, object]:
    method = "POST" if body else "GET"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{url}/simulator{path}", json=body) as got,
    ):
        answer: dict[str, object] = await got.json()
        return answer


async def test_identity_and_webhook(url: str) -> None:
    async with BotApi(TOKEN, url) as api:
        assert (await api.get_me()).id == 123456789
        assert (await api.webhook()).url == ""
        async with aiohttp.ClientSession() as session:
            await session.post(f"{url}/bot{SECRET}/setWebhook", json={"url": "http://127.0.0.1:9/hook"})
        assert (await api.webhook()).url == "http://127.0.0.1:9/hook"
        await api.delete_webhook()
        assert (await api.webhook()).url == ""


async def test_a_probe_alone_sees_nobody_and_confirms_nothing(url: str) -> None:
    async with BotApi(TOKEN, url) as api:
        seen = await api.probe(1)
        assert (seen.rival, seen.waiting) == (False, False)
        await referee(url, "/bots/123456789/messages", text="hello")
        seen = await api.probe(1)
        assert (seen.rival, seen.waiting) == (False, True)
    assert (await referee(url, "/bots/123456789"))["pending"] == 1


async def test_a_rival_that_polls_after_the_probe_began_is_certain(simulator: Simulator, url: str) -> None:
    async with BotApi(TOKEN, url) as api, aiohttp.ClientSession() as session:
        probing = asyncio.ensure_future(api.probe(20))
        await simulator.until(123456789, lambda bot: bool(bot["pollers"]))
        rival = asyncio.ensure_future(session.get(f"{url}/bot{SECRET}/getUpdates?timeout=1"))
        assert (await probing).rival
        (await rival).close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "401"}, TokenRejected),
        ({"kind": "500"}, Unreachable),
        ({"kind": "502"}, Unreachable),
        ({"kind": "unreachable"}, Unreachable),
        ({"kind": "429", "retry_after": 7}, Refused),
    ],
)
async def test_faults_become_errors_without_the_token(
    url: str, fault: dict[str, object], error: type[Exception]
) -> None:
    await referee(url, "/faults", **fault)
    async with BotApi(TOKEN, url) as api:
        with pytest.raises(error) as raised:
            await api.get_me()
    assert SECRET not in str(raised.value)
    if isinstance(raised.value, Refused):
        assert raised.value.retry_after == 7


async def test_nobody_there_is_unreachable() -> None:
    async with BotApi(TOKEN, "http://127.0.0.1:9") as api:
        with pytest.raises(Unreachable):
            await api.webhook()


async def test_something_else_there_is_not_telegram(unused_tcp_port: int) -> None:
    async def answer(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.json_response({"ok": True, "result": {"hello": "world"}})

    app = aiohttp.web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    async with BotApi(TOKEN, f"http://127.0.0.1:{unused_tcp_port}") as api:
        with pytest.raises(Unreachable, match="not a Bot API server"):
            await api.webhook()
    await runner.cleanup()
