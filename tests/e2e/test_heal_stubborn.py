"""Conflicts that no restart heals: the bot is held with a diagnosis that names its evidence, and released in time."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.processes import runs
from tests.e2e.programs import BOTS, POLLER, program
from tests.e2e.rig import Rig
from tests.e2e.telegram_side import Account

HASTY = {"wait": "200ms", "attempts": 1, "window": "30s", "probe": "4s", "on_hold": "wait"}
"""A window far longer than the server's brake on 409s (3 s), a probe a little longer."""


async def held(daemon: Daemon, name: str) -> dict[str, Any]:
    """The diagnosis of the bot's one incident, once it is held; nothing of the bot runs then."""
    await daemon.until_bot(name, "held")
    [incident] = await daemon.get(f"/incidents?bot={name}")
    assert incident["outcome"] == "held"
    diagnosis: dict[str, Any] = incident["diagnosis"]
    return diagnosis


@asynccontextmanager
async def persistent_rival(account: Account) -> AsyncIterator[None]:
    rival = asyncio.create_task(account.rival_persists())
    try:
        yield
    finally:
        rival.cancel()
        await asyncio.gather(rival, return_exceptions=True)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(program("two_loops"), id="raw"),
        pytest.param([sys.executable, str(BOTS / "two_loops_aiogram.py")], id="aiogram"),
    ],
)
async def test_a_second_loop_inside_the_bot_is_named_as_that(rig: Rig, command: list[str]) -> None:
    rig.add("twice", command, conflict=HASTY | {"probe": "2s"})
    rig.write()
    daemon = await rig.up()
    diagnosis = await held(daemon, "twice")
    assert diagnosis["cause"] == "inner_loop"
    assert any("met no other poller" in evidence for evidence in diagnosis["evidence"])
    assert diagnosis["remedy"]
    assert runs(rig.fleet, "twice") == set()


async def test_a_rival_that_stays_is_named_and_the_bot_is_released_when_it_left(rig: Rig) -> None:
    account = rig.add("news", POLLER, conflict=HASTY | {"on_hold": "retry", "retry_every": "1s", "window": "6s"})
    rig.write()
    daemon = await rig.up()
    witness = rig.witness()
    with rig.simulator.watch(witness):
        await account.talks("before")
        async with persistent_rival(account):
            diagnosis = await held(daemon, "news")
            assert diagnosis["cause"] == "rival"
            assert any("ended by another getUpdates" in evidence for evidence in diagnosis["evidence"])
            assert "looking again in" in daemon.bot("news")["reason"]
            await daemon.until_bot("news", "healing")
            await daemon.until_bot("news", "held")
        await daemon.until_bot("news", "up")
        report = await account.talks("after")
        await daemon.says("news ", "healing: recovered")
    assert witness.complaints == []
    assert (report["lost"], report["dropped"]) == (0, 0)


async def test_whoever_keeps_setting_a_webhook_is_named_by_its_host_alone(rig: Rig) -> None:
    account = rig.add("shop", POLLER, conflict=HASTY)
    rig.write()
    daemon = await rig.up()
    await account.talks("before")
    setter = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOTS / "webhook_setter.py"),
        env={"TELEGRAM_API_URL": rig.simulator.url, "TELEGRAM_BOT_TOKEN": account.token},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        diagnosis = await held(daemon, "shop")
    finally:
        setter.send_signal(signal.SIGKILL)
        await setter.wait()
    assert diagnosis["cause"] == "webhook_reset"
    assert "http://127.0.0.1:9" in diagnosis["summary"]
    assert "secret-path" not in str(diagnosis)
    assert (await account.report())["conflicts"]["set_webhook"] >= 1

    await daemon.post("/bots/shop/start")
    report = await account.talks("after")
    assert (report["lost"], report["webhook"]) == (0, "")
