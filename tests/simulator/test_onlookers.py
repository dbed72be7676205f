"""Tests in the simulator's process hear of each call, and wait for what the referee sees without asking again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from supervisor.simulator.errors import SimulatorError
from supervisor.simulator.onlookers import CallNews
from supervisor.simulator.server import Simulator
from tests.simulator.live import DEADLINE, Live
from tests.simulator.stage import BOT


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    simulator = Simulator()
    await simulator.start()
    live = Live(simulator)
    yield live
    await live.close()
    await simulator.stop()


async def test_each_call_is_told_as_it_begins_and_as_it_ends(live: Live) -> None:
    heard: list[tuple[str, bool]] = []

    def hear(news: CallNews) -> None:
        assert news.bot_id == BOT
        heard.append((news.call.method, news.began))

    with live.simulator.watch(hear):
        await live.result("A", "getMe")
    await live.result("A", "getMe")
    assert heard == [("getme", True), ("getme", False)]


async def test_waiting_ends_with_the_call_that_brings_what_is_waited_for(live: Live) -> None:
    async with asyncio.timeout(DEADLINE):
        polling = live.poll("A")
        report = await live.simulator.until(BOT, lambda report: report["pollers"] == 1)
        assert report["polls"] == 1
        polling.cancel()
        report = await live.simulator.until(BOT, lambda report: report["pollers"] == 0)
        assert report["open_polls"] == []


async def test_a_simulator_that_does_not_run_cannot_be_watched() -> None:
    simulator = Simulator()
    with pytest.raises(SimulatorError, match="start it first"):
        simulator.watch(lambda _: None)
    with pytest.raises(SimulatorError, match="start it first"):
        await simulator.until(BOT, lambda _: True)
