"""A rival on this host is told of before the first 409, and where it is wanted it is ended through its keeper."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.outsiders import Pm2, why_no_pm2
from tests.e2e.processes import ended
from tests.e2e.programs import POLLER
from tests.e2e.rig import Rig
from tests.e2e.telegram_side import Account
from tests.libraries.bots import must_run

pytestmark = pytest.mark.node


@pytest.fixture
async def pm2(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pm2]:
    if reason := why_no_pm2():
        pytest.fail(reason) if must_run() else pytest.skip(reason)
    async with Pm2.running(tmp_path_factory.mktemp("pm2")) as pm2:
        yield pm2


@pytest.fixture
async def account(rig: Rig, pm2: Pm2) -> Account:
    """A bot whose old copy polls under pm2; pm2 starts it again when it ends."""
    account = rig.add("shop", POLLER, number=random.randrange(20_000, 99_000))
    await pm2.start("old-shop", account)
    await account.polls()
    return account


async def pid_of(pm2: Pm2) -> int:
    [app] = json.loads(await pm2.tell("jlist"))
    return int(app["pid"])


async def test_pm2_is_told_at_start_and_the_old_copy_does_not_come_back(rig: Rig, pm2: Pm2, account: Account) -> None:
    pid = await pid_of(pm2)
    rig.bots["shop"]["conflict"] = {"rivals": "stop"}
    rig.write()
    daemon = await rig.up()
    await daemon.says("shop", f"pid {pid} (pm2 old-shop): stopped; `pm2 save`")
    await ended(pid)
    assert json.loads(await pm2.tell("jlist")) == []
    report = await account.talks("only ours is left")
    assert report["conflicts"]["get_updates"] == 0
    assert (await daemon.until_bot("shop", "up"))["conflicts"] == 0
    assert await daemon.get("/incidents") == []
    code, said = await rig.botctl("rivals", "--json")
    assert (code, json.loads(said)["rivals"]) == (0, [])


async def test_by_default_it_is_only_reported_before_any_409(rig: Rig, pm2: Pm2, account: Account) -> None:
    pid = await pid_of(pm2)
    rig.write()
    daemon = await rig.up()
    told = await daemon.says("shop", "another user of this bot's token", "kept by pm2 old-shop")
    started = await daemon.says("shop", "run 1 started")
    assert daemon.lines.index(told) < daemon.lines.index(started)
    assert await pid_of(pm2) == pid


async def test_a_person_ends_it_with_botctl_rivals_stop(rig: Rig, pm2: Pm2, account: Account, tmp_path: Path) -> None:
    rig.write()
    code, said = await rig.botctl("rivals", "shop", "--stop", "--yes")
    assert (code, "verified: none left on this host" in said) == (0, True), said
    assert json.loads(await pm2.tell("jlist")) == []
    await asyncio.wait_for(account.until(lambda report: not report["pollers"]), 60)
