"""Bots that are up and hear nothing, which no log of theirs tells: only Telegram's side of them does."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.daemon import Daemon
from tests.e2e.processes import ended, runs
from tests.e2e.programs import BOTS
from tests.e2e.rig import Rig, rigged
from tests.libraries.bots import BOTS as LIBRARIES

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEAF = [sys.executable, str(BOTS / "deaf.py")]
SHARP = {"every": "1s", "after": "2s"}
PTB = next(bot for bot in LIBRARIES if bot.name == "python-telegram-bot")
MUTED = "import logging, runpy, sys; logging.disable(); runpy.run_path(sys.argv[1], run_name='__main__')"
"""python-telegram-bot says something at least when its token is revoked; a bot that has its logging off does not."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with rigged(tmp_path_factory.mktemp("deafness")) as (rig,):
        number = random.randrange(20_000, 99_000)
        silent = [sys.executable, "-c", MUTED, PTB.command[-1]]
        rig.add("silent", silent, number=number, cwd=str(PTB.cwd), stall=SHARP, stop={"grace": "40s"})
        rig.add("shown", DEAF, number=number + 1, stall=SHARP)
        rig.add("restarted", DEAF, number=number + 2, stall=SHARP | {"restart": True})
        rig.write()
        await rig.up()
        yield rig


@pytest.fixture
def daemon(rig: Rig) -> Daemon:
    assert rig.daemon
    return rig.daemon


async def goes_deaf(rig: Rig, name: str) -> None:
    """Its last answer, a look at its empty queue, and a user who writes on."""
    account = rig.accounts[name]
    await account.talks("deaf")
    looks = (await account.report())["calls"]["getwebhookinfo"]
    await account.until(lambda report: report["calls"]["getwebhookinfo"] >= looks + 2)
    await account.write("hello?")


async def test_a_token_revoked_under_a_silent_bot_fails_it_with_the_reason(rig: Rig, daemon: Daemon) -> None:
    account = rig.accounts["silent"]
    await account.talks("hello")
    pid = (await daemon.until_bot("silent", "up"))["pid"]
    said = len(daemon.lines)
    await account.referee("revoke")
    failed = await daemon.until_bot("silent", "failed")
    assert "Telegram rejected the token" in failed["reason"]
    await ended(pid)
    assert runs(rig.fleet, "silent") == set()
    line = await daemon.says("silent: up -> ", "Telegram rejected the token", after=said)
    before = daemon.lines[said : daemon.lines.index(line)]
    assert [line for line in before if re.match("silent +[!|]", line)] == []


async def test_a_bot_that_stopped_reading_is_shown_with_its_evidence(rig: Rig, daemon: Daemon) -> None:
    await goes_deaf(rig, "shown")
    pid = (await daemon.until_bot("shown", "up"))["pid"]
    unhealthy = await daemon.until_bot("shown", "unhealthy")
    assert unhealthy["reason"].startswith("stalled: waiting updates went from 0 to 1 in ")
    assert "nothing reads them" in unhealthy["reason"]
    assert (unhealthy["pid"], unhealthy["restarts"]) == (pid, 0)


async def test_where_it_is_wanted_a_restart_makes_it_hear_again(rig: Rig, daemon: Daemon) -> None:
    await goes_deaf(rig, "restarted")
    pid = (await daemon.until_bot("restarted", "up"))["pid"]
    await ended(pid)
    report = await rig.accounts["restarted"].answered("hello?")
    assert (report["lost"], report["dropped"], report["pending"]) == (0, 0, 0)
    assert [text["text"].rpartition(" ")[2] for text in report["sent_messages"]] == ["deaf", "hello?"]
    restarted = await daemon.until_bot("restarted", "up")
    assert restarted["restarts"] == 1
    await daemon.says("restarted: ", "stalled: waiting updates went from 0 to 1")
