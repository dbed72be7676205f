"""Twenty healthy bots, six of them on real libraries, do what could be taken for a rival or for a second loop.

Nobody is accused: not by the supervisor, not by `botctl rivals`, not by the count of waiting requests, not by the
reading of their source; and none of their conflicts exist, which the referee counts.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from supervisor.model.rivals import Connections
from supervisor.rivals.connections import count
from supervisor.rivals.source import read_source, suspicious
from tests.e2e.daemon import Daemon
from tests.e2e.processes import marked
from tests.e2e.programs import BEHIND_A_SHELL, BOTS, GRANDCHILD, POLLER
from tests.e2e.rig import Rig, rigged
from tests.libraries.bots import BOTS as LIBRARIES
from tests.libraries.bots import must_run, why_not

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEALTHY = [sys.executable, str(BOTS / "healthy.py")]
CLEARED = 'env -i PATH="$$PATH" TELEGRAM_API_URL="$$TELEGRAM_API_URL" TELEGRAM_BOT_TOKEN="$$BOT_TOKEN" "$$@" & wait'
"""The poller has not the mark of its run."""
CHEAP: dict[str, list[str]] = {
    **{name: [*HEALTHY, name] for name in ("health", "reconnect", "slow", "exec", "respawn", "helper")},
    **{f"{name}-2": [*HEALTHY, name] for name in ("exec", "respawn")},
    "plain": POLLER,
    "shell": BEHIND_A_SHELL,
    "setsid": GRANDCHILD,
    "cleared": ["sh", "-c", CLEARED, "sh", *POLLER],
    "timeout": ["timeout", "1000", *POLLER],
    "npm": ["npm", "start", "--silent"],
}
RESTARTING = ("exec", "exec-2", "respawn", "respawn-2")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """All are up, were talked to, have restarted themselves, or were restarted beside the others."""
    async with rigged(tmp_path_factory.mktemp("healthy")) as (rig,):
        _add_all(rig, random.randrange(20_000, 99_000))
        rig.write()
        daemon = await rig.up()
        await asyncio.gather(*(account.talks("hello") for account in rig.accounts.values()))
        await rig.accounts["slow"].write("slow")
        await asyncio.gather(*(rig.accounts[name].talks("restart") for name in RESTARTING))
        for name in ("plain", "shell", "npm", "aiogram"):
            if name in rig.accounts:
                await daemon.post(f"/bots/{name}/restart")
        await asyncio.gather(*(account.talks("still there") for account in rig.accounts.values()))
        yield rig


def _add_all(rig: Rig, number: int) -> None:
    for bot in LIBRARIES:
        if why_not(bot) is None:
            rig.add(bot.name, list(bot.command), number=number + len(rig.accounts), cwd=str(bot.cwd))
    for name, command in CHEAP.items():
        folder = rig.folder / name
        folder.mkdir()
        account = rig.add(name, command, number=number + len(rig.accounts), cwd=str(folder))
        (folder / ".env").write_text(f"TELEGRAM_BOT_TOKEN={account.token}\n")  # as most projects have one
        if name == "npm":
            if shutil.which("npm") is None:
                del rig.bots[name], rig.accounts[name]
                continue
            (folder / "package.json").write_text(json.dumps({"scripts": {"start": " ".join(POLLER)}}))


@pytest.fixture
def daemon(rig: Rig) -> Daemon:
    assert rig.daemon
    return rig.daemon


async def test_there_are_twenty_and_all_of_them_are_well(rig: Rig, daemon: Daemon) -> None:
    missing = [reason for bot in LIBRARIES if (reason := why_not(bot))]
    if missing:
        pytest.fail("\n".join(missing)) if must_run() else pytest.skip("\n".join(missing))
    bots = (await daemon.get("/status"))["bots"]
    assert len(bots) == 20
    assert [bot["name"] for bot in bots if bot["state"] != "up"] == []
    for account in rig.accounts.values():
        report = await account.report()
        wrong = {kind: number for kind, number in report["conflicts"].items() if number}
        assert (account.name, wrong, report["lost"], report["dropped"]) == (account.name, {}, 0, 0)


async def test_no_incident_is_opened_and_no_rival_reported(rig: Rig, daemon: Daemon) -> None:
    assert await daemon.get("/incidents") == []
    assert [line for line in daemon.lines if "another user of this bot's token" in line] == []
    assert [bot["reason"] for bot in (await daemon.get("/status"))["bots"] if "rival" in bot["reason"]] == []


@pytest.mark.parametrize("look", range(3))
async def test_botctl_rivals_sees_none(rig: Rig, look: int) -> None:
    code, said = await rig.botctl("rivals", "--json")
    assert json.loads(said)["rivals"] == []
    assert code == 0


async def test_no_two_requests_of_a_bot_wait_together(rig: Rig) -> None:
    alive = marked(rig.fleet)

    async def counted(name: str) -> Connections:
        async def pids() -> list[int]:
            return [process.pid for process in alive if process.bot == name]

        return await count(pids, rig.simulator.url, None)

    seen = dict(zip(rig.accounts, await asyncio.gather(*map(counted, rig.accounts)), strict=True))
    assert [(name, held) for name, held in seen.items() if held.two_polls] == []
    assert any(held.waiting == 1 for held in seen.values()), seen


async def test_their_source_shows_no_second_loop(rig: Rig) -> None:
    for name, keys in rig.bots.items():
        spots = read_source(Path(keys["cwd"]), tuple(keys["command"]))
        assert not suspicious(spots), (name, [str(spot) for spot in spots if spot.suspect])


async def test_whoever_looks_without_a_supervisor_sees_none_once_it_left(rig: Rig) -> None:
    """Last: the supervisor leaves, and so do its bots; nothing of them is a rival."""
    await rig.down()
    code, said = await rig.botctl("rivals", "--json")
    assert (code, json.loads(said)["rivals"]) == (0, [])
