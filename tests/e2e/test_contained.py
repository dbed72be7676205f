"""Bots as containers under the real supervisor, the real engine, and the simulator as referee."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from supervisor.model.bots import StopPolicy
from supervisor.runners.docker import DockerRunner
from tests.contract.containers import IMAGE, open_engine, remove_images
from tests.e2e.daemon import SOON, Daemon
from tests.e2e.rig import Rig, rigged
from tests.e2e.telegram_side import Account

pytestmark = pytest.mark.docker

POLLER = Path(__file__).parent / "bots" / "poller.py"
FIRST = random.randrange(10_000, 90_000)
"""Another test run on the same engine must not meet our tokens."""
RUN = ["python3", "/bot/poller.py"]


def contain(rig: Rig, name: str, **more: Any) -> Account:
    """A poller from a mounted file; on the host's network, where the simulator is."""
    keys: dict[str, Any] = {"image": IMAGE, "networks": ["host"], "volumes": [f"{POLLER}:/bot/poller.py:ro"]} | more
    return rig.add(name, RUN, number=FIRST + len(rig.accounts), **keys)


@pytest.fixture
async def engine() -> None:
    """Skips where there is none."""
    await (await open_engine()).close()


async def only_bot(daemon: Daemon) -> dict[str, Any]:
    (bot,) = (await daemon.get("/status"))["bots"]
    return dict(bot)


async def swept(rig: Rig) -> list[str]:
    """Names of the rig's containers that are there, which are ended."""
    engine = await open_engine()
    runner = DockerRunner(rig.fleet, engine, rig.folder / "sweep", "a test")
    left = await runner.left()
    for each in left:
        await runner.end(each, StopPolicy(grace=0.0))
    await remove_images(engine, rig.fleet)
    await runner.close()
    return [each.name for each in left]


async def assert_one_poller(*accounts: Account) -> None:
    for account in accounts:
        report = await account.report()
        assert (report["overlaps"], report["overlap_s"]) == (0, 0), account.name
        assert not any(report["conflicts"].values()), account.name
        assert (report["lost"], report["dropped"]) == (0, 0), account.name


async def test_built_from_its_folder_it_answers_and_leaves_in_order(engine: None, rig: Rig) -> None:
    folder = rig.folder / "bots" / "news"
    folder.mkdir(parents=True)
    shutil.copy(POLLER, folder / "bot.py")
    (folder / "Dockerfile").write_text(f'FROM {IMAGE}\nCOPY bot.py /bot.py\nCMD ["python3", "/bot.py"]\n')
    news = rig.add("news", [], number=FIRST, build="bots/news", networks=["host"], volumes=[])
    del rig.bots["news"]["command"]
    rig.write()
    daemon = await rig.up()
    try:
        await news.talks("hello")
        status = await daemon.until_bot("news", "up")
        assert (status["runner"], status["pid"], len(status["container"])) == ("docker", None, 12)
        assert status["image"] == f"built from {folder}"
        assert await rig.down() == 0
    finally:
        assert await swept(rig) == []
    await assert_one_poller(news)


async def test_killed_and_up_again_it_takes_up_what_runs_and_replaces_what_changed(engine: None, rig: Rig) -> None:
    kept, changed, removed = contain(rig, "kept"), contain(rig, "changed"), contain(rig, "removed")
    rig.write()
    daemon = await rig.up()
    try:
        await asyncio.gather(*(bot.talks("hello") for bot in (kept, changed, removed)))
        before = {name: (await daemon.until_bot(name, "up"))["container"] for name in rig.bots}
        await rig.kill()
        await kept.talks("nobody watches")  # a container outlives its supervisor
        rig.bots["changed"]["env"] = {"WORD": "new"}
        del rig.bots["removed"]
        rig.write()
        daemon = await rig.up()
        await daemon.until_bot("kept", "up")
        assert await changed.ask("env WORD") == "new"
        await kept.talks("again")
        assert daemon.bot("kept")["container"] == before["kept"]
        assert (await daemon.until_bot("changed", "up"))["container"] != before["changed"]
        assert (await removed.report())["pollers"] == 0
        code, said = await rig.botctl("logs", "kept", "-n", "100")
        assert (code, said.count("starting with")) == (0, 1)
        assert "goes on, container kept-bot-" in said
        assert await rig.down() == 0
    finally:
        assert await swept(rig) == []
    await assert_one_poller(kept, changed, removed)


async def test_another_supervisor_waits_for_a_container_whose_own_one_is_dead(engine: None, tmp_path: Path) -> None:
    """The file lock is free, the container has the token: a child process elsewhere must not start beside it."""
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    async with rigged(*folders) as (one, two):
        shop = contain(one, "shop")
        one.write()
        two.add("mine", ["python3", str(POLLER)], number=FIRST)
        two.write()
        await one.up()
        try:
            await shop.talks("hello")
            await one.kill()
            daemon = await two.up()
            async with asyncio.timeout(SOON):
                while "(bot shop of" not in (bot := await only_bot(daemon))["reason"]:
                    pass
            assert bot["state"] == "claiming"
            await shop.talks("still")
        finally:
            assert await swept(one) != []
        await daemon.until_bot("mine", "up")
        await shop.talks("moved")
        await assert_one_poller(shop)
