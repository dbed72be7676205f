"""Webhooks delivered for real, to a small web server on this machine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from supervisor.simulator.poster import OUTSIDE, resolve
from tests.simulator.live import DEADLINE, Live

Seen = tuple[dict[str, str], dict[str, Any]]


class Hook:
    """A bot's web server: gives the answers it was told, then 200."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.seen: asyncio.Queue[Seen] = asyncio.Queue()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        await self.seen.put((dict(request.headers), await request.json()))
        return self.answers.pop(0) if self.answers else web.Response()

    async def next(self) -> Seen:
        async with asyncio.timeout(DEADLINE):
            return await self.seen.get()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    found = Hook()
    application = web.Application()
    application.router.add_post("/hook", found.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://localhost:{runner.addresses[0][1]}/hook"
    yield found
    await runner.cleanup()


async def test_delivered_with_the_secret(live: Live, hook: Hook) -> None:
    await live.result("A", "setWebhook", url=hook.url, secret_token="s3cret")
    written = await live.write("hello")
    headers, update = await hook.next()
    assert headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
    assert headers["Host"] == hook.url.split("/")[2]
    assert "User-Agent" not in headers
    assert update["update_id"] == written["update_id"]
    report = await live.until(lambda bot: bot["confirmed"] == 1)
    assert (report["webhook"], report["deliveries"], report["pending"]) == (hook.url, 1, 0)
    assert "webhook is active" in (await live.call("A", "getUpdates"))["description"]


async def test_failures_are_repeated_in_order(quick: Live, hook: Hook) -> None:
    hook.answers = [web.Response(status=500), web.Response(status=503, headers={"Retry-After": "2"})]
    await quick.result("A", "setWebhook", url=hook.url)
    first = (await quick.write("one"))["update_id"]
    second = (await quick.write("two"))["update_id"]
    assert [(await hook.next())[1]["update_id"] for _ in range(4)] == [first, first, first, second]
    await quick.until(lambda bot: bot["confirmed"] == 2)
    info = await quick.result("A", "getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_redirects_are_not_followed(live: Live, hook: Hook) -> None:
    hook.answers = [web.Response(status=307, headers={"Location": hook.url})]
    await live.result("A", "setWebhook", url=hook.url)
    await live.write("hello")
    report = await live.until(lambda bot: bot["confirmed"] == 1)
    assert (report["deliveries"], report["failed_deliveries"]) == (2, 1)


async def test_an_answer_runs_a_method(live: Live, hook: Hook) -> None:
    hook.answers = [web.json_response({"method": "sendMessage", "chat_id": 5, "text": "from the hook"})]
    await live.result("A", "setWebhook", url=hook.url)
    await live.write("hello")
    report = await live.until(lambda bot: bot["sent"] == 1)
    assert report["sent_messages"][0]["text"] == "from the hook"


async def test_nobody_listens(quick: Live, unused_port: int) -> None:
    await quick.result("A", "setWebhook", url=f"http://127.0.0.1:{unused_port}/")
    await quick.write("hello")
    await quick.until(lambda bot: bot["failed_deliveries"] >= 1)
    assert (await quick.result("A", "getWebhookInfo"))["last_error_message"] == "Connection refused"
    await quick.result("A", "deleteWebhook")
    assert len(await quick.result("A", "getUpdates")) == 1


async def test_the_world_outside_is_never_contacted(live: Live) -> None:
    await live.result("A", "setWebhook", url="https://example.org/hook")
    await live.write("hello")
    await live.until(lambda bot: bot["failed_deliveries"] >= 1)
    info = await live.result("A", "getWebhookInfo")
    assert (info["ip_address"], info["last_error_message"]) == (OUTSIDE, "Connection refused")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        ("bot.localhost", "127.0.0.1"),
        ("127.0.0.9", "127.0.0.9"),
        ("[::1]", "::1"),
        ("example.org", OUTSIDE),
        ("no.invalid", None),
    ],
)
def test_hosts(host: str, address: str | None) -> None:
    assert resolve(host)[0] == address


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
