"""The referee's HTTP: looking, writing, faults, revoking."""

import asyncio

import aiohttp
import pytest

from tests.simulator.live import Live
from tests.simulator.stage import BOT


async def test_it_says_what_it_is(live: Live) -> None:
    await live.call("A", "getMe")
    about = await live.referee("GET", "")
    assert (about["simulated"], about["bots"]) == (True, 1)
    [bot] = (await live.referee("GET", "/bots"))["bots"]
    assert (bot["id"], bot["username"]) == (BOT, f"simulated_{BOT}_bot")
    assert set(await live.bot()) - set(bot) == {"sent_messages", "status"}


async def test_a_user_writes(live: Live) -> None:
    written = await live.write("/start now", chat_id=-77, **{"from": {"id": 9, "first_name": "Ada"}})
    [update] = await live.result("A", "getUpdates")
    message = update["message"]
    assert update["update_id"] == written["update_id"]
    assert message["message_id"] == written["message_id"] == 1
    assert (message["chat"]["id"], message["chat"]["type"]) == (-77, "group")
    assert (message["from"]["id"], message["from"]["first_name"]) == (9, "Ada")
    assert message["entities"] == [{"offset": 0, "length": 6, "type": "bot_command"}]
    assert abs(message["date"] - (await live.bot())["last_poll_at"]) < 60


async def test_any_update_can_be_made(live: Live) -> None:
    query = {"id": "1", "from": {"id": 9, "is_bot": False, "first_name": "Ada"}, "data": "x"}
    made = await live.referee("POST", f"/bots/{BOT}/updates", update_id=5_000_000, callback_query=query)
    assert made["update_id"] == 5_000_000
    assert await live.result("A", "getUpdates") == [{"update_id": 5_000_000, "callback_query": query}]


async def test_an_unwanted_update_has_no_id(live: Live) -> None:
    await live.result("A", "getUpdates", allowed_updates=["poll"])
    assert (await live.write("hello"))["update_id"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/bots/{BOT}/messages", {}),
        (f"/bots/{BOT}/messages", {"text": 5}),
        (f"/bots/{BOT}/messages", {"text": "x", "chat_id": "y"}),
        (f"/bots/{BOT}/messages", {"text": "x", "from": []}),
        (f"/bots/{BOT}/updates", {"no_such_kind": {}}),
        (f"/bots/{BOT}/updates", {"message": {}, "poll": {}}),
        ("/faults", {"kind": "fire"}),
    ],
)
async def test_orders_that_make_no_sense_are_explained(live: Live, path: str, body: dict[str, object]) -> None:
    answer = await live.referee("POST", path, **body)
    assert answer["status"] == 400
    assert answer["error"]


async def test_unknown_paths(live: Live) -> None:
    assert (await live.referee("GET", "/nonsense"))["status"] == 404
    assert (await live.referee("DELETE", f"/bots/{BOT}"))["status"] == 405


async def test_faults_that_answer(live: Live) -> None:
    for kind, status in (("429", 429), ("500", 500), ("401", 401)):
        await live.referee("POST", "/faults", kind=kind, count=1, retry_after=3)
        body = await live.call("A", "getMe")
        assert body["error_code"] == status
        assert ("parameters" in body) is (kind == "429")
    await live.referee("POST", "/faults", kind="502", method="getMe")
    async with live.client().get(live.method_url("getMe")) as response:
        assert (response.status, response.content_type) == (502, "text/html")
    assert (await live.referee("GET", "/faults"))["faults"][0]["kind"] == "502"
    await live.referee("DELETE", "/faults")
    assert (await live.result("A", "getMe"))["id"] == BOT


async def test_unreachable_closes_without_an_answer(live: Live) -> None:
    waiting = live.poll("A")
    await live.until(lambda bot: bot["pollers"] == 1)
    await live.referee("POST", "/faults", kind="unreachable", bot_id=BOT)
    with pytest.raises(aiohttp.ClientConnectionError):
        await waiting
    with pytest.raises(aiohttp.ClientConnectionError):
        await live.call("B", "getMe")
    assert (await live.bot())["polls"] == 1


async def test_slow_waits_before_it_answers(live: Live) -> None:
    await live.referee("POST", "/faults", kind="slow", delay=30, method="getMe")
    slow = asyncio.create_task(live.call("A", "getMe"))
    await live.result("B", "getWebhookInfo")
    await live.result("B", "getWebhookInfo")
    assert not slow.done()
    slow.cancel()


async def test_a_revoked_token(live: Live) -> None:
    assert (await live.referee("POST", f"/bots/{BOT}/revoke"))["status"] == 409
    await live.call("A", "getMe")
    assert (await live.referee("POST", f"/bots/{BOT}/revoke"))["revoked"] is True
    assert (await live.call("A", "getMe"))["description"] == "Unauthorized"
