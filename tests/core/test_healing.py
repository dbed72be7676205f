"""The conflict ladder as screenplays: what is asked in which round, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.core.facts import Timer
from supervisor.model.bots import ConflictPolicy, OnHold
from supervisor.model.incidents import Cause, Outcome
from supervisor.model.rivals import LoopSpot, Owner, OwnerKind, Rival, Sighting, TokenPlace
from supervisor.model.runs import Exit
from supervisor.model.status import Phase
from tests.core.specs import spec
from tests.core.stage import Stage, W

RIVAL = s.Probed(10.0, rival=True, waiting=False)
PM2 = Rival(
    123456789,
    77,
    "bob",
    "node bot.js",
    0.0,
    Owner(OwnerKind.PM2, "shop", ("pm2 delete shop",)),
    TokenPlace.ENVIRONMENT,
)


def names(steps: list[s.Step]) -> list[str]:
    return [type(step).__name__ for step in steps]


def stage(**changes: Any) -> Stage:
    stage = Stage(spec(**changes))
    stage.launch()
    return stage


def round_(stage: Stage, **answers: s.Answer) -> list[str]:
    """One sign, the stop, and all steps of the round it opens."""
    stage.sign()
    stage.exited()
    return names(stage.through(**answers))


def test_the_first_round_stops_deletes_verifies_waits_and_starts_without_a_probe() -> None:
    it = stage()
    [incident, record, stop] = it.sign()
    assert isinstance(incident, c.OpenIncident)
    assert isinstance(record, c.RecordStep)
    assert isinstance(stop, c.StopRun)
    assert it.phase() is Phase.HEALING
    it.exited()
    assert names(it.through()) == [
        "ReadWebhook",
        "DeleteWebhook",
        "ReadWebhook",
        "LookAround",
        "Pause",
        "ReadWebhook",
    ]
    assert isinstance(it.said[-1], c.StartRun)
    assert it.run == 2


def test_nothing_is_asked_before_the_run_is_gone() -> None:
    it = stage()
    it.sign()
    assert it.step() is None
    it.exited()
    assert it.step() == s.ReadWebhook()


def test_updates_are_dropped_only_where_the_user_said_so() -> None:
    for wanted in (False, True):
        it = stage(conflict=ConflictPolicy(drop_pending_updates=wanted))
        it.sign()
        it.exited()
        steps = it.through()
        assert s.DeleteWebhook(drop=wanted) in steps
        assert s.DeleteWebhook(drop=not wanted) not in steps


def test_later_signs_of_the_same_round_are_only_counted() -> None:
    it = stage()
    it.sign()
    assert it.sign() == []  # the run is being ended: what it says now says nothing about the next one
    assert it.bot.facts.trouble is not None
    assert it.bot.facts.trouble.rounds == 1


def test_from_the_second_round_on_a_probe_decides() -> None:
    it = stage()
    round_(it)
    it.started()
    assert names_of_last(round_(it)) == "Probe"
    assert it.run == 3


def names_of_last(steps: list[str]) -> str:
    return steps[-1]


def test_recovered_only_after_the_window_without_a_sign() -> None:
    it = stage()
    round_(it)
    it.started()
    it.ring()
    assert it.phase() is Phase.UP
    assert "watching" in it.reason
    it.ring()
    assert it.said == [c.SettleIncident(Outcome.RECOVERED, None)]


def test_a_rival_that_was_met_and_left_is_called_an_overlap() -> None:
    it = stage()
    round_(it)
    it.started()
    it.sign()
    it.exited()
    answers = iter([RIVAL, s.Probed(10.0, rival=False, waiting=False)])
    while (step := it.step()) is not None:
        it.answer(next(answers) if isinstance(step, s.Probe) else _good(step))
    it.started()
    while Timer.QUIET in it.bot.facts.timers:
        it.ring()
    [settled] = it.asked(c.SettleIncident)
    assert isinstance(settled, c.SettleIncident)
    assert settled.diagnosis is not None
    assert settled.diagnosis.cause is Cause.OVERLAP


def _good(step: s.Step) -> s.Answer:
    from tests.core.stage import good

    return good(step)


def held_by(it: Stage, **answers: s.Answer) -> c.SettleIncident:
    """Drive rounds until the bot is held."""
    for _ in range(6):
        round_(it, **answers)
        if it.phase() is Phase.HELD:
            [settled] = it.asked(c.SettleIncident)
            assert isinstance(settled, c.SettleIncident)
            return settled
        it.started()
    raise AssertionError("never held")


def test_a_rival_met_by_the_last_probe_is_named_as_outside() -> None:
    settled = held_by(stage(), Probe=RIVAL)
    assert settled.outcome is Outcome.HELD
    assert settled.diagnosis is not None
    assert settled.diagnosis.cause is Cause.RIVAL
    assert "outside this host" in settled.diagnosis.summary
    assert any("/revoke" in line for line in settled.diagnosis.remedy)


def test_what_could_not_be_read_here_is_said_instead_of_none() -> None:
    sighting = Sighting((), ("processes of 2 other users",))
    diagnosis = held_by(stage(), Probe=RIVAL, LookAround=s.Looked(sighting)).diagnosis
    assert diagnosis is not None
    assert "not all could be read" in diagnosis.summary
    assert any("2 other users" in line for line in diagnosis.unknown)


def test_a_rival_on_this_host_is_named_with_the_command_that_ends_it() -> None:
    diagnosis = held_by(stage(), Probe=RIVAL, LookAround=s.Looked(Sighting((PM2,)))).diagnosis
    assert diagnosis is not None
    assert "pid 77" in diagnosis.summary
    assert diagnosis.remedy == ("pm2 delete shop",)


def test_quiet_probes_point_inside_the_bot_with_the_places_in_its_source() -> None:
    spot = LoopSpot("bot.js", 7, "polling: true", "one shared instance; `polling: false` in the others", suspect=True)
    diagnosis = held_by(stage(), ReadSource=s.SourceRead((spot,))).diagnosis
    assert diagnosis is not None
    assert diagnosis.cause is Cause.INNER_LOOP
    assert diagnosis.remedy == (spot.advice,)
    assert any("bot.js:7" in line for line in diagnosis.evidence)


def test_a_probe_answered_with_waiting_updates_proves_nothing() -> None:
    diagnosis = held_by(stage(), Probe=s.Probed(10.0, rival=False, waiting=True)).diagnosis
    assert diagnosis is not None
    assert diagnosis.cause is Cause.UNKNOWN
    assert any("proves nothing" in line for line in diagnosis.evidence)


def test_a_webhook_that_returns_twice_holds_the_bot_and_names_its_host() -> None:
    it = stage()
    it.sign(W)
    it.exited()
    it.through(ReadWebhook=s.WebhookSeen("https://old.example", 3))
    assert it.phase() is Phase.HELD
    diagnosis = it.bot.facts.held
    assert diagnosis is not None
    assert diagnosis.cause is Cause.WEBHOOK_RESET
    assert "https://old.example" in diagnosis.summary


def test_held_looks_again_after_a_while_and_starts_when_the_rival_left() -> None:
    it = stage()
    held_by(it, Probe=RIVAL)
    assert Timer.HOLD in it.bot.facts.timers
    assert "looking again in" in it.reason
    it.ring()
    assert "Pause" not in names(it.through())
    assert it.phase() is Phase.STARTING
    it.started()
    assert it.bot.facts.held is None


def test_held_stays_held_while_the_rival_polls_on() -> None:
    it = stage()
    held_by(it, Probe=RIVAL)
    it.ring()
    it.through(Probe=RIVAL)
    assert it.phase() is Phase.HELD
    assert Timer.HOLD in it.bot.facts.timers


def test_on_hold_wait_needs_a_person() -> None:
    it = stage(conflict=ConflictPolicy(wait=1, attempts=1, window=60, probe=10, on_hold=OnHold.WAIT))
    held_by(it, Probe=RIVAL)
    assert it.bot.facts.timers == {}
    assert "botctl start" in it.reason
    it.tell(e.StartAsked())
    assert it.phase() is Phase.STARTING


def test_a_held_bot_keeps_its_lease_and_a_stopped_one_drops_it() -> None:
    it = stage()
    held_by(it, Probe=RIVAL)
    assert it.bot.facts.lease is not None
    it.tell(e.StopAsked())
    assert it.asked(c.DropLease)
    assert it.asked(c.SettleIncident) == [c.SettleIncident(Outcome.ABANDONED)]


def test_a_rejected_token_ends_the_ladder() -> None:
    it = stage()
    round_(it, ReadWebhook=s.Rejected("Telegram rejected the token (Unauthorized)"))
    assert it.phase() is Phase.FAILED
    assert "rejected" in it.reason


def test_telegram_out_of_reach_does_not_keep_the_bot_down() -> None:
    it = stage()
    taken = round_(it, ReadWebhook=s.NoAnswer("no route", took=10.0))
    assert "DeleteWebhook" not in taken
    assert it.phase() is Phase.STARTING


@pytest.mark.parametrize("event", [e.StopAsked(), e.Unwanted("removed")])
def test_a_probe_under_way_is_awaited_before_the_lease_goes(event: e.Event) -> None:
    it = stage()
    round_(it)
    it.started()
    it.sign()
    it.exited()
    while not isinstance(it.step(), s.Probe):
        it.answer(_good(it.step()))  # type: ignore[arg-type]
    said = it.tell(event)
    assert any(isinstance(command, c.AbandonStep) for command in said)
    assert not any(isinstance(command, c.DropLease) for command in said)
    it.answer(s.NoAnswer("abandoned", took=0.0))
    assert it.asked(c.DropLease)


def test_a_bot_that_dies_of_its_conflict_is_healed_like_one_that_lives() -> None:
    it = stage()
    it.sign()
    it.exited(Exit(1))
    assert it.phase() is Phase.HEALING


def test_a_webhook_seen_over_a_silent_poller_is_a_conflict_too() -> None:
    it = stage()
    it.tell(e.BacklogSeen(it.run, 0, "https://old.example", ""))
    assert it.phase() is Phase.HEALING
