"""Conflicts that no restart heals: the bot is held with a diagnosis that names its evidence, and released in time.

All four stories go on at the same time, under one supervisor; each test waits for its own.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.daemon import Daemon
from tests.e2e.processes import runs
from tests.e2e.programs import BOTS, POLLER, program
from tests.e2e.rig import Rig, rigged
from tests.e2e.telegram_side import Account

pytestmark = pytest.mark.asyncio(loop_scope="module")

HASTY = {"wait": "200ms", "attempts": 1, "window": "30s", "probe": "4s", "on_hold": "wait"}
"""A window far longer than the server's brake on 409s (3 s), a probe a little longer."""


@dataclass
class Told:
    """A story's end: why the bot was held, how many of its processes lived then, what the referee saw at last."""

    diagnosis: dict[str, Any]
    reason: str
    alive: int
    report: dict[str, Any]


Stories = Mapping[str, "asyncio.Task[Told]"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stories(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stories]:
    async with rigged(tmp_path_factory.mktemp("stubborn")) as (rig,):
        rig.add("raw", program("two_loops"), conflict=HASTY)
        rig.add("aiogram", [sys.executable, str(BOTS / "two_loops_aiogram.py")], conflict=HASTY)
        rig.add("news", POLLER, conflict=HASTY | {"on_hold": "retry", "retry_every": "1s", "window": "6s"})
        rig.add("shop", POLLER, conflict=HASTY)
        rig.write()
        daemon = await rig.up()
        tasks = {name: asyncio.create_task(held(rig, daemon, name)) for name in ("raw", "aiogram")}
        tasks["news"] = asyncio.create_task(meet_a_rival_that_stays(rig, daemon))
        tasks["shop"] = asyncio.create_task(meet_a_setter_of_webhooks(rig, daemon))
        yield tasks
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def held(rig: Rig, daemon: Daemon, name: str) -> Told:
    """What is known when the bot is held for the first time."""
    reason = (await daemon.until_bot(name, "held"))["reason"]
    alive = len(runs(rig.fleet, name))
    [incident] = await daemon.get(f"/incidents?bot={name}")
    assert incident["outcome"] == "held"
    return Told(incident["diagnosis"], reason, alive, await rig.accounts[name].report())


async def meet_a_rival_that_stays(rig: Rig, daemon: Daemon) -> Told:
    account = rig.accounts["news"]
    witness = rig.witness()
    with rig.simulator.watch(witness):
        await account.talks("before")
        async with persistent_rival(account):
            told = await held(rig, daemon, "news")
            await daemon.until_bot("news", "healing")
            await daemon.until_bot("news", "held")
        await daemon.until_bot("news", "up")
        told.report = await account.talks("after")
        await daemon.says("news ", "healing: recovered")
    assert [complaint for complaint in witness.complaints if complaint.startswith("news:")] == []
    return told


async def meet_a_setter_of_webhooks(rig: Rig, daemon: Daemon) -> Told:
    account = rig.accounts["shop"]
    await account.talks("before")
    setter = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOTS / "webhook_setter.py"),
        env={"TELEGRAM_API_URL": rig.simulator.url, "TELEGRAM_BOT_TOKEN": account.token},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        told = await held(rig, daemon, "shop")
    finally:
        setter.send_signal(signal.SIGKILL)
        await setter.wait()
    await daemon.post("/bots/shop/start")
    told.report = await account.talks("after")
    return told


@asynccontextmanager
async def persistent_rival(account: Account) -> AsyncIterator[None]:
    rival = asyncio.create_task(account.rival_persists())
    try:
        yield
    finally:
        rival.cancel()
        await asyncio.gather(rival, return_exceptions=True)


@pytest.mark.parametrize("name", ["raw", "aiogram"])
async def test_a_second_loop_inside_the_bot_is_named_as_that(stories: Stories, name: str) -> None:
    told = await stories[name]
    assert told.diagnosis["cause"] == "inner_loop"
    assert any("met no other poller" in evidence for evidence in told.diagnosis["evidence"])
    assert told.diagnosis["remedy"]
    assert told.alive == 0


async def test_whoever_keeps_setting_a_webhook_is_named_by_its_host_alone(stories: Stories) -> None:
    told = await stories["shop"]
    assert told.diagnosis["cause"] == "webhook_reset"
    assert "http://127.0.0.1:9" in told.diagnosis["summary"]
    assert "secret-path" not in str(told.diagnosis)
    assert told.report["conflicts"]["set_webhook"] >= 1


async def test_a_bot_held_for_a_webhook_polls_again_when_it_is_started(stories: Stories) -> None:
    report = (await stories["shop"]).report
    assert (report["webhook"], report["pending"], report["lost"], report["dropped"]) == ("", 0, 0, 0)


async def test_a_rival_that_stays_is_named(stories: Stories) -> None:
    told = await stories["news"]
    assert told.diagnosis["cause"] == "rival"
    assert any("ended by another getUpdates" in evidence for evidence in told.diagnosis["evidence"])
    assert "looking again in" in told.reason
    assert told.alive == 0


async def test_a_bot_held_for_a_rival_is_released_when_it_left(stories: Stories) -> None:
    report = (await stories["news"]).report
    assert (report["pending"], report["lost"], report["dropped"]) == (0, 0, 0)
