"""Supervisors among themselves, and from one life to the next: locks, leases, what is remembered, how all ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.processes import marked, runs
from tests.e2e.programs import BEHIND_A_SHELL, GRANDCHILD, POLLER, program
from tests.e2e.rig import Rig, rigged


async def test_a_second_one_on_the_same_state_leaves_with_3_and_names_the_first(rig: Rig) -> None:
    rig.add("news", POLLER)
    rig.write()
    daemon = await rig.up()
    before = (await daemon.until_bot("news", "up"))["pid"]
    code, said = await rig.botctl("up")
    assert code == 3
    assert f"pid {daemon.process.pid}, since 20" in said
    assert " up" in said.partition("since")[2]
    assert (await daemon.get("/status"))["bots"][0]["pid"] == before


async def test_a_token_is_claimed_until_the_other_supervisor_lets_go(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    async with rigged(*folders) as (first, second):
        account = first.add("ours", POLLER, number=1)
        second.add("theirs", POLLER, number=1)
        second.add("alone", POLLER, number=2)
        for rig in (first, second):
            rig.write()
        holder = await first.up()
        await account.talks("to the first")
        waiter = await second.up()
        await waiter.until_bot("alone", "up")
        claiming = await waiter.until_bot("theirs", "claiming")
        assert claiming["reason"].startswith(f"token held by pid {holder.process.pid}, since 20")
        assert runs(second.fleet, "theirs") == set()
        assert await first.down() == 0
        await waiter.until_bot("theirs", "up")
        report = await account.talks("to the second")
        assert not any(report["conflicts"].values())
        assert (report["overlaps"], report["lost"]) == (0, 0)


async def test_a_stop_by_hand_outlives_the_supervisor_and_a_start_ends_it(rig: Rig) -> None:
    rig.add("news", POLLER)
    rig.add("shop", POLLER)
    rig.write()
    daemon = await rig.up()
    await daemon.until_bot("news", "up")
    code, said = await rig.botctl("stop", "news")
    assert code == 0, said
    assert await rig.down() == 0

    daemon = await rig.up()
    await daemon.until_bot("shop", "up")
    stopped = daemon.bot("news")
    assert (stopped["state"], stopped["reason"], stopped["lease"]) == ("off", "stopped by hand", None)
    code, said = await rig.botctl("start", "news")
    assert code == 0, said
    await rig.accounts["news"].talks("back")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_lets_every_bot_finish_and_leaves_with_0(rig: Rig, number: signal.Signals) -> None:
    for name in ("one", "two"):
        rig.add(name, program("graceful"), stop={"signal": "SIGTERM", "grace": "40s"})
    rig.write()
    daemon = await rig.up()
    for name in ("one", "two"):
        await daemon.says(f"{name} ", "at work")
    rig.daemon = None
    assert await daemon.terminate(number) == 0
    for name in ("one", "two"):
        assert any(line.startswith(name) and "work finished" in line for line in daemon.lines)
        assert any(line.startswith(name) and "run 1 exited with code 0" in line for line in daemon.lines)


@pytest.mark.parametrize("command", [BEHIND_A_SHELL, GRANDCHILD], ids=["sh -c", "setsid"])
async def test_a_stop_returns_when_grandchildren_are_gone_too(rig: Rig, command: list[str]) -> None:
    account = rig.add("news", command)
    rig.write()
    daemon = await rig.up()
    await account.talks("hello")
    assert len(marked(rig.fleet)) == 2
    code, said = await rig.botctl("stop", "news")
    assert code == 0, said
    await daemon.until_bot("news", "off")
    assert marked(rig.fleet) == []
    assert (await account.until(lambda report: not report["pollers"]))["conflicts"]["get_updates"] == 0
