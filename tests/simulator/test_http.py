"""The simulator over real sockets: what bots and their users see."""

import asyncio
import json
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.simulator.live import DEADLINE, Live
from tests.simulator.stage import BOT, TOKEN

OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def test_two_pollers_conflict(quick: Live) -> None:
    first = quick.poll("A")
    await quick.until(lambda bot: bot["pollers"] == 1)
    second = quick.poll("B")
    assert (await first)["description"] == OTHER
    third = quick.poll("A")
    both = await quick.until(lambda bot: bot["pollers"] == 2)
    assert sorted(poll["state"] for poll in both["open_polls"]) == ["held for 409", "waiting"]
    assert (await second)["error_code"] == 409
    report = await quick.bot()
    assert report["conflicts"]["get_updates"] == 2
    assert report["overlap_s"] > 0.1
    assert report["overlaps"] == 2
    third.cancel()


async def test_a_ghost_harms_nobody(live: Live) -> None:
    ghost = live.poll("A")
    await live.until(lambda bot: bot["pollers"] == 1)
    ghost.cancel()
    await live.client("A").close()
    await live.until(lambda bot: bot["pollers"] == 0)
    poll = live.poll("B")
    await live.until(lambda bot: bot["pollers"] == 1)
    written = await live.write("hello")
    updates = (await poll)["result"]
    assert [update["update_id"] for update in updates] == [written["update_id"]]
    report = await live.bot()
    assert report["unseen_conflicts"] == 1
    assert (report["conflicts"]["get_updates"], report["overlap_s"], report["overlaps"]) == (0, 0, 0)


async def test_a_ghost_swallows_an_update_only_for_itself(live: Live) -> None:
    ghost = live.poll("A")
    await live.until(lambda bot: bot["pollers"] == 1)
    ghost.cancel()
    await live.client("A").close()
    await live.until(lambda bot: bot["pollers"] == 0)
    await live.write("hello")
    [update] = await live.result("B", "getUpdates", timeout=30)
    assert update["message"]["text"] == "hello"
    await live.result("B", "getUpdates", offset=update["update_id"] + 1)
    report = await live.bot()
    assert (report["confirmed"], report["lost"], report["pending"]) == (1, 0, 0)


async def test_the_same_call_in_every_form(live: Live) -> None:
    url, client = live.method_url("sendMessage"), live.client()
    form = aiohttp.FormData({"chat_id": "5", "text": "multipart"})
    form.add_field("document", BytesIO(b"x" * 2**21), filename="big.bin")
    requests = [
        client.get(url, params={"chat_id": "5", "text": "query"}),
        client.post(url, data={"chat_id": "5", "text": "form"}),
        client.post(url, json={"chat_id": 5, "text": "json"}),
        client.post(url, data=form),
        client.post(url, params={"text": "url first"}, data={"chat_id": "5", "text": "body"}),
        client.post(live.method_url(""), json={"method": "sendMessage", "chat_id": 5, "text": "by argument"}),
    ]
    for request in requests:
        async with request as response:
            assert response.status == 200, await response.text()
            assert response.headers["Content-Type"] == "application/json"
            assert response.headers["Connection"] == "keep-alive"
    texts = [message["text"] for message in (await live.bot())["sent_messages"]]
    assert texts == ["query", "form", "json", "multipart", "url first", "by argument"]


async def test_too_much_is_413(live: Live) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = BytesIO(b"text=" + b"x" * 2**20)
    async with live.client().post(live.method_url("sendMessage"), data=body, headers=headers) as response:
        assert response.status == 413
        assert (await response.json())["error_code"] == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_other_verbs_are_501(live: Live, method: str) -> None:
    async with live.client().request(method, live.method_url("getMe")) as response:
        assert (response.status, await response.read()) == (501, b"")


async def test_paths_that_are_no_bots(live: Live) -> None:
    async with live.client().get(f"{live.simulator.url}/whatever") as response:
        assert response.status == 404
        assert await response.json() == {"ok": False, "error_code": 404, "description": "Not Found"}
    assert (await live.call("A", "getMe", token="malformed"))["error_code"] == 404


async def test_the_test_environment_is_another_world(live: Live) -> None:
    await live.write("hello")
    assert await live.result("A", "test/getUpdates") == []
    assert len(await live.result("A", "getUpdates")) == 1


async def test_retry_after_is_a_header_too(live: Live) -> None:
    await live.call("A", "setWebhook", url="http://localhost:9/")
    async with live.client().post(live.method_url("setWebhook"), json={"url": "http://localhost:9/"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")


async def test_a_certificate_comes_as_a_file(live: Live) -> None:
    form = aiohttp.FormData({"url": "https://localhost:9/"})
    form.add_field("certificate", b"-----BEGIN CERTIFICATE-----", filename="cert.pem")
    async with live.client().post(live.method_url("setWebhook"), data=form) as response:
        assert response.status == 200
    assert (await live.result("A", "getWebhookInfo"))["has_custom_certificate"] is True


async def test_many_clients_wait_at_once(live: Live) -> None:
    tokens = [f"{number}:AAFakeFakeFakeFakeFakeFakeFakeFakeF" for number in range(1, 101)]
    client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def poll(token: str) -> Any:
        async with client.post(live.method_url("getUpdates", token), json={"timeout": 50}) as response:
            return (await response.json())["result"]

    polls = [asyncio.create_task(poll(token)) for token in tokens]
    async with asyncio.timeout(DEADLINE), client:
        while sum(bot["pollers"] for bot in (await live.referee("GET", "/bots"))["bots"]) < 100:
            pass
        for number in range(1, 101):
            await live.referee("POST", f"/bots/{number}/messages", text=f"to {number}")
        results = await asyncio.gather(*polls)
    assert [result[0]["message"]["text"] for result in results] == [f"to {number}" for number in range(1, 101)]


async def test_updates_are_printed_as_the_server_does(live: Live) -> None:
    update_id = (await live.write("hällo"))["update_id"]
    async with live.client().get(live.method_url("getUpdates")) as response:
        text = await response.text()
    assert text.startswith(f'{{"ok":true,"result":[{{"update_id":{update_id},\n"message":{{"message_id":1,')
    assert json.loads(text)["result"][0]["message"]["text"] == "hällo"
    assert TOKEN not in text
    assert str(BOT) not in text
