"""GET /logs: lines as they come, and an end in every case."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from supervisor.model.runs import LogLine
from supervisor.web.server import serve_control
from tests.fakes.supervisor import FakeSupervisor

SECRET = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
FIRST = LogLine("news", 1_763_640_000.25, "stdout", "hello\tworld é")
SECOND = LogLine("shop", 1_763_640_001.0, "stderr", "oh no")


async def lines_of(answer: aiohttp.ClientResponse) -> list[dict[str, object]]:
    return [json.loads(raw) async for raw in answer.content if raw.strip()]


async def next_line(answer: aiohttp.ClientResponse) -> dict[str, object]:
    async with asyncio.timeout(10):
        while not (raw := (await answer.content.readline()).strip()):
            pass  # a heartbeat
    line: dict[str, object] = json.loads(raw)
    return line


async def test_the_last_lines_are_one_json_text_each(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    fake.lines = [FIRST, SECOND]
    async with api.get("/logs", params={"n": "1"}) as answer:
        assert answer.content_type == "application/x-ndjson"
        assert await lines_of(answer) == [SECOND.as_json()]
    assert fake.closed.is_set()


async def test_the_query_reaches_the_supervisor(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    async with api.get("/logs?bot=news&bot=shop&n=7&since=2026-11-20T13:00:00%2B00:00") as answer:
        assert await lines_of(answer) == []
    assert fake.log_calls == [(("news", "shop"), 7, 1_795_179_600.0, False)]


async def test_an_unknown_bot_is_refused_before_the_stream_begins(api: aiohttp.ClientSession) -> None:
    async with api.get("/logs?bot=shpo&follow=1") as answer:
        assert answer.status == 404
        assert (await answer.json())["hint"] == "did you mean shop?"


async def test_following_gives_each_new_line_at_once(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    async with api.get("/logs?n=0&follow=1") as answer:
        fake.live.put_nowait(FIRST)
        assert (await next_line(answer))["text"] == FIRST.text
        fake.live.put_nowait(SECOND)
        assert (await next_line(answer))["text"] == SECOND.text


async def test_a_reader_that_leaves_in_silence_is_noticed(api: aiohttp.ClientSession, fake: FakeSupervisor) -> None:
    async with api.get("/logs?follow=1") as answer:
        await asyncio.wait_for(fake.following.wait(), 10)
        assert not fake.closed.is_set()
        answer.close()
    await asyncio.wait_for(fake.closed.wait(), 10)


async def test_the_end_of_the_server_ends_the_stream(fake: FakeSupervisor, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with aiohttp.ClientSession("http://botctl", connector=aiohttp.UnixConnector(str(path))) as session:
        async with serve_control(fake, path):
            answer = await session.get("/logs?follow=1")
            await asyncio.wait_for(fake.following.wait(), 10)
        assert await asyncio.wait_for(lines_of(answer), 10) == []
    assert fake.closed.is_set()


async def test_a_stream_that_breaks_does_not_look_complete(
    api: aiohttp.ClientSession, fake: FakeSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    fake.lines = [FIRST]
    async with api.get("/logs?follow=1") as answer:
        assert (await next_line(answer))["text"] == FIRST.text
        fake.live.put_nowait(RuntimeError("disk"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await lines_of(answer)
    assert "a stream broke off" in caplog.text
