"""Keepers over runners that misbehave, in virtual time: what they start, when, and that never two run."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from supervisor.core import steps as s
from supervisor.errors import LeaseHeld, StartRefused
from supervisor.keep.roster import Leaving
from supervisor.keep.services import HealthAnswer
from supervisor.leases import FileLeases
from supervisor.model.bots import ConflictPolicy, Mode, Policy, WebPolicy
from supervisor.model.incidents import Outcome
from supervisor.model.runs import Exit, RunId
from supervisor.model.status import Phase
from supervisor.names import UnknownBot
from tests.core.specs import spec
from tests.fakes.loop import play
from tests.fakes.runner import FakeRunner
from tests.fakes.world import FakeHealth, Kept

CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


def test_a_fleet_starts_and_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a", bot_id=111111111), spec("b", bot_id=222222222))
        await kept.until("a", Phase.UP)
        await kept.until("b", Phase.UP)
        assert sorted(run.bot for run in kept.runner.live) == ["a", "b"]
        await kept.leave()

    play(story())


def test_a_crash_loop_starts_at_the_seconds_the_policy_says(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(dies_after=0.5))
        kept.fleet(spec("a"))
        await kept.roster.until(lambda: len(kept.runner.started) == 4)
        assert [at for at, _ in kept.runner.started] == [0.0, 1.5, 4.0, 8.5]
        await kept.leave()

    play(story())


def test_a_conflict_is_healed_and_written_down_and_the_updates_stay(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        kept.telegram.asked.clear()
        kept.runner.only().say(CONFLICT)
        assert kept.roster.keeper("a").phase is Phase.HEALING
        await kept.until("a", Phase.UP)
        assert s.DeleteWebhook(drop=False) in kept.telegram.asked
        [incident] = kept.journal.incidents("a", 5)
        assert incident.outcome is Outcome.OPEN
        await asyncio.sleep(61)
        [incident] = kept.journal.incidents("a", 5)
        assert incident.outcome is Outcome.RECOVERED
        assert [step.action for step in incident.steps][:2] == ["round 1: conflict seen in the log", "stop"]
        await kept.leave()

    play(story())


def test_a_conflict_printed_while_the_run_is_being_ended_is_nobodys(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(stop_takes=5))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        kept.roster.restart("a")
        kept.runner.only().say(CONFLICT)
        await kept.until("a", Phase.UP)
        assert kept.journal.incidents("a", 5) == []
        await kept.leave()

    play(story())


def test_a_token_that_moves_waits_for_the_old_runner(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(stop_takes=7))
        kept.fleet(spec("old"))
        await kept.until("old", Phase.UP)
        kept.fleet(spec("new"))
        await kept.until("new", Phase.CLAIMING)
        assert "token held by pid" in kept.roster.keeper("new").reason()
        await kept.until("new", Phase.UP)
        assert [run for _, run in kept.runner.started] == [RunId("old", 1), RunId("new", 1)]
        await kept.leave()

    play(story())


def test_a_lease_whose_file_was_removed_is_made_anew_beside_the_run(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        shutil.rmtree(tmp_path / "leases")
        kept.roster.upkeep()
        assert kept.roster.keeper("a").phase is Phase.UP
        with pytest.raises(LeaseHeld):
            FileLeases(tmp_path / "leases", "another").take(123456789, "a")
        await kept.leave()

    play(story())


def test_a_lease_that_somebody_else_has_by_now_ends_the_run_and_is_claimed_again(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(stop_takes=3))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        lock = tmp_path / "leases" / "123456789.lock"
        lock.unlink()
        lock.write_text('{"epoch": 1}')
        other = FileLeases(tmp_path / "leases", "another").take(123456789, "a")
        kept.roster.upkeep()
        assert kept.roster.keeper("a").phase is Phase.STOPPING
        assert "lease was lost: token held by pid" in kept.roster.keeper("a").reason()
        await kept.until("a", Phase.CLAIMING)
        assert kept.runner.live == {}
        other.drop()
        await kept.until("a", Phase.UP)
        await kept.leave()

    play(story())


def test_an_edit_while_the_supervisor_leaves_starts_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(stop_takes=5))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        leaving = asyncio.create_task(kept.leave())
        await kept.until("a", Phase.STOPPING)
        with pytest.raises(Leaving):
            kept.fleet(spec("a"), spec("b", bot_id=222222222))
        await asyncio.wait_for(leaving, 60)
        assert len(kept.runner.started) == 1

    play(story())


def test_what_a_failed_setup_said_is_shown_without_its_token(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.setups.fails = "setup exited with code 1: error in 987654321:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
        kept.fleet(spec("a"))
        await kept.until("a", Phase.RESTING)
        assert "error in 987654321:[redacted]" in kept.roster.keeper("a").reason()
        await kept.leave()

    play(story())


def test_what_cannot_be_killed_is_tried_again_and_nothing_starts_beside_it(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(unkillable=1))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        kept.roster.restart("a")
        await kept.until("a", Phase.STOPPING)
        await asyncio.sleep(1)
        assert kept.roster.keeper("a").reason() == "could not be killed: pid 7"
        assert len(kept.runner.started) == 1
        await kept.until("a", Phase.UP)
        assert len(kept.runner.started) == 2
        await kept.leave()

    play(story())


@pytest.mark.parametrize("asked", [True, False])
def test_an_end_that_cannot_be_observed_is_looked_at_again(tmp_path: Path, asked: bool) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(blind=1))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        if asked:
            kept.roster.restart("a")
        else:
            kept.runner.only().end(Exit(1))
        await kept.until("a", Phase.STOPPING)
        await asyncio.sleep(1)
        assert "could not be observed: [Errno 24] Too many open files" in kept.roster.keeper("a").reason()
        assert len(kept.runner.started) == 1
        await kept.until("a", Phase.UP)
        await kept.leave()

    play(story())


def test_a_stop_by_hand_is_remembered_by_the_next_supervisor(tmp_path: Path) -> None:
    async def story() -> None:
        for life in range(2):
            kept = Kept(tmp_path)
            kept.fleet(spec("a"))
            if life == 0:
                await kept.until("a", Phase.UP)
                kept.roster.stop("a")
            await asyncio.sleep(5)
            assert kept.roster.keeper("a").phase is Phase.OFF
            assert kept.roster.keeper("a").reason() == "stopped by hand"
            await kept.leave()

    play(story())


def test_run_numbers_go_on_in_the_next_life(tmp_path: Path) -> None:
    async def story() -> None:
        numbers = []
        for _ in range(3):
            kept = Kept(tmp_path)
            kept.fleet(spec("a"))
            await kept.until("a", Phase.UP)
            numbers.append(kept.runner.only().order.run.number)
            await kept.leave()
        assert numbers == [1, 2, 3]

    play(story())


def test_a_setup_that_nobody_wants_any_more_ends_before_the_next_begins(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.setups.seconds = 30
        kept.fleet(spec("a"))
        await asyncio.sleep(1)
        changed = spec("a", command=("other",))
        kept.fleet(changed)
        await kept.until("a", Phase.UP)
        assert kept.setups.most == 1
        assert kept.runner.only().order.spec == changed.run
        await kept.leave()

    play(story())


@pytest.mark.parametrize("permanent", [True, False])
def test_a_refused_start_is_failed_or_tried_again(tmp_path: Path, permanent: bool) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(refuse=StartRefused("no such program: bot", permanent=permanent)))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.FAILED if permanent else Phase.RESTING)
        assert "no such program" in kept.roster.keeper("a").reason()
        kept.runner.refuse = None
        kept.roster.start("a")
        await kept.until("a", Phase.UP)
        await kept.leave()

    play(story())


def test_a_policy_is_adopted_under_a_live_run(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        edited = replace(spec("a"), policy=Policy(conflict=ConflictPolicy(attempts=9)))
        kept.fleet(edited)
        assert kept.roster.keeper("a").machine.facts.policy.conflict.attempts == 9
        assert len(kept.runner.started) == 1
        await kept.leave()

    play(story())


def test_a_web_bot_is_asked_until_it_answers_and_restarted_when_it_stops(tmp_path: Path) -> None:
    closed, ok = HealthAnswer(False, False, "port does not accept"), HealthAnswer(True, True, "200")

    async def story() -> None:
        kept = Kept(tmp_path, health=FakeHealth((closed, closed, ok, closed, closed, ok)))
        kept.fleet(spec("a", mode=Mode.WEB, web=WebPolicy(interval=10, failures=2)))
        await kept.until("a", Phase.UP)
        assert asyncio.get_running_loop().time() == pytest.approx(0.5)
        assert kept.runner.only().order.environ["PORT"].isdigit()
        await kept.until("a", Phase.RESTING)
        await kept.until("a", Phase.UP)
        assert len(kept.runner.started) == 2
        await kept.leave()

    play(story())


def test_a_silent_conflict_is_found_by_asking_telegram(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        kept.telegram.answers["ReadWebhook"] = s.WebhookSeen("https://old.example", 3)
        await kept.until("a", Phase.HEALING)
        await kept.leave()

    play(story())


def test_leaving_waits_for_slow_bots_and_haste_kills_them(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path, FakeRunner(stop_takes=30))
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        loop = asyncio.get_running_loop()
        loop.call_later(2, kept.roster.hasten)
        began = loop.time()
        await kept.leave()
        assert loop.time() - began == pytest.approx(2)

    play(story())


def test_a_name_that_is_nobodys_is_answered_with_a_likely_one(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("shop"))
        with pytest.raises(UnknownBot) as error:
            kept.roster.stop("shpo")
        assert "shop" in error.value.hint
        await kept.leave()

    play(story())


def test_an_exit_by_itself_is_not_a_stop(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Kept(tmp_path)
        kept.fleet(spec("a"))
        await kept.until("a", Phase.UP)
        kept.runner.only().end(Exit(0))
        await kept.until("a", Phase.RESTING)
        assert "exited with code 0" in kept.roster.keeper("a").reason()
        await kept.leave()

    play(story())
