"""Each library's real bot, driven into a real 409 by a real rival, is healed; all six under one supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.daemon import Daemon
from tests.e2e.rig import Rig, rigged
from tests.e2e.telegram_side import Witness, answers
from tests.libraries.bots import BOTS, LibraryBot, must_run, why_not

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Healed:
    """What became of one bot: the referee's report at its end, its incidents, its status."""

    report: dict[str, Any]
    incidents: list[dict[str, Any]]
    status: dict[str, Any]


@dataclass
class Ward:
    """All bots after their stories and their end; a story that went wrong stands here as its exception."""

    stories: dict[str, Healed | BaseException]
    witness: Witness
    lines: list[str]

    def story(self, bot: LibraryBot) -> Healed:
        if reason := why_not(bot):
            pytest.fail(reason) if must_run() else pytest.skip(reason)
        story = self.stories[bot.name]
        if isinstance(story, BaseException):
            raise story
        return story


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ward(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ward]:
    async with rigged(tmp_path_factory.mktemp("ward")) as (rig,):
        able = [bot for bot in BOTS if why_not(bot) is None]
        for bot in able:
            rig.add(bot.name, list(bot.command), cwd=str(bot.cwd), stop={"grace": "40s"})
        rig.write()
        daemon = await rig.up()
        witness = rig.witness()
        with rig.simulator.watch(witness):
            stories = await asyncio.gather(*(fall_and_heal(rig, daemon, bot) for bot in able), return_exceptions=True)
            assert await rig.down() == 0
        yield Ward({bot.name: story for bot, story in zip(able, stories, strict=True)}, witness, daemon.lines)


async def fall_and_heal(rig: Rig, daemon: Daemon, bot: LibraryBot) -> Healed:
    account = rig.accounts[bot.name]
    await account.talks("before")
    await account.polls()
    rival = asyncio.create_task(account.rival_persists())
    await daemon.until_bot(bot.name, "healing")
    await account.write("during")  # the rival may read it, which ends the rival, but it confirms nothing
    await rival
    await account.answered("during")
    await daemon.says(f"{bot.name} ", "healing: recovered")
    report = await account.talks("after")
    incidents = await daemon.get(f"/incidents?bot={bot.name}")
    status = next(one for one in (await daemon.get("/status"))["bots"] if one["name"] == bot.name)
    return Healed(report, incidents, status)


@pytest.fixture(params=[pytest.param(bot, id=bot.name, marks=[pytest.mark.node] * bot.needs_node) for bot in BOTS])
def bot(request: pytest.FixtureRequest) -> LibraryBot:
    chosen: LibraryBot = request.param
    return chosen


async def test_it_met_a_real_409_and_answers_again(bot: LibraryBot, ward: Ward) -> None:
    story = ward.story(bot)
    assert story.report["conflicts"]["get_updates"] >= 1
    for text in ("before", "during", "after"):
        assert answers(story.report, bot.answer(text)), text
    assert (story.status["state"], story.status["conflicts"] >= 1) == ("up", True)


async def test_no_update_was_lost(bot: LibraryBot, ward: Ward) -> None:
    report = ward.story(bot).report
    assert (report["lost"], report["dropped"], report["pending"]) == (0, 0, 0)
    assert report["confirmed"] == report["received"] == 3


async def test_its_incident_tells_every_step_to_the_recovery(bot: LibraryBot, ward: Ward) -> None:
    story = ward.story(bot)
    [incident] = story.incidents
    assert (incident["outcome"], incident["sign"]) == ("recovered", "conflict.get_updates")
    actions = [step["action"] for step in incident["steps"]]
    ladder = [
        "round 1: conflict seen in the log",
        "stop",
        "deleteWebhook",
        "wait 1 s (waiting out the conflict)",
        "start",
    ]
    assert [action for action in actions if action in ladder] == ladder
    assert actions[actions.index("deleteWebhook") + 1] == "getWebhookInfo"


async def test_it_ends_in_its_librarys_own_way_when_the_supervisor_leaves(bot: LibraryBot, ward: Ward) -> None:
    ward.story(bot)
    end = "exited with code 0" if bot.stops_cleanly else "killed by SIGTERM"
    last = [line for line in ward.lines if line.startswith(f"{bot.name} ") and " * run " in line][-1]
    assert last.endswith(end)


async def test_two_polls_or_runs_of_ours_never_met(ward: Ward) -> None:
    assert ward.witness.complaints == []
    assert ward.witness.polls > len(ward.stories)
