"""One bot's life as screenplays: starts, stops, edits, rests, failures, health."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.core.facts import Timer
from supervisor.model.bots import Mode, Policy, RestartPolicy, RestartWhen, StallPolicy, StopPolicy, Token, WebPolicy
from supervisor.model.rivals import Owner, OwnerKind, Rival, Sighting, TokenPlace
from supervisor.model.runs import Exit
from supervisor.model.signs import Sign, SignKind
from supervisor.model.status import Phase
from tests.core.specs import spec
from tests.core.stage import OTHER, Stage


@pytest.fixture
def it() -> Stage:
    stage = Stage(spec())
    stage.launch()
    return stage


def test_a_wanted_bot_takes_its_lease_is_checked_and_starts() -> None:
    it = Stage(spec())
    assert it.tell(e.Wanted(it.spec)) == [c.AdoptPolicy(it.spec), c.TakeLease(123456789)]
    assert it.phase() is Phase.CLAIMING
    it.tell(e.LeaseTaken(123456789, 7))
    assert it.phase() is Phase.STARTING
    assert it.through() == [s.Prepare(), s.LookAround(), s.Identify(), s.ReadWebhook()]
    assert it.said == [c.StartRun(1, it.spec.run, 7)]
    assert it.bot.facts.username == "demo_bot"


def test_a_worker_is_up_once_it_has_lived_for_a_moment(it: Stage) -> None:
    assert it.phase() is Phase.UP
    assert it.reason == ""


def test_a_webhook_in_the_way_of_a_worker_is_deleted_and_verified() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    steps = it.through(ReadWebhook=s.WebhookSeen("https://old.example", 0))
    assert steps[-3:] == [s.ReadWebhook(), s.DeleteWebhook(drop=False), s.ReadWebhook()]
    it.started()
    assert "came back at once" in it.reason


def test_the_webhook_of_a_web_bot_is_left_alone() -> None:
    it = Stage(spec(mode=Mode.WEB))
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    assert it.through() == [s.Prepare(), s.LookAround(), s.Identify()]


def test_without_preflight_telegram_is_not_asked() -> None:
    it = Stage(spec(preflight=False))
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    assert it.through() == [s.Prepare()]


def test_an_unreachable_telegram_is_asked_for_thirty_seconds_and_then_the_bot_goes() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    steps = it.through(Identify=s.NoAnswer("no route", took=0.0))
    assert sum(step.seconds for step in steps if isinstance(step, s.Pause)) == 15.0
    it.started()
    assert it.reason == "unverified: no route"


def test_a_flood_is_sat_out_and_a_very_long_one_is_not() -> None:
    for seconds, pauses in ((5.0, True), (1128.0, False)):
        it = Stage(spec())
        it.tell(e.Wanted(it.spec))
        it.tell(e.LeaseTaken(123456789, 1))
        steps = it.through(Identify=s.Denied("flood", seconds))
        assert (s.Pause(seconds, "flood") in steps) is pauses


def test_a_rejected_token_fails_the_bot_and_gives_the_lease_back() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    it.through(Identify=s.Rejected("Telegram rejected the token"))
    assert it.phase() is Phase.FAILED
    assert it.said == [c.DropLease(123456789)]
    assert it.tell(e.StartAsked()) == [c.TakeLease(123456789)]


def test_a_held_token_is_named_and_asked_for_again() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseRefused(123456789, OTHER))
    assert it.phase() is Phase.CLAIMING
    assert "token held by pid 4242" in it.reason
    assert it.ring() == [c.TakeLease(123456789)]


def test_a_lease_granted_after_nobody_wanted_it_is_given_back() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    assert it.tell(e.Unwanted("removed")) == []
    assert it.tell(e.LeaseTaken(123456789, 1)) == [c.DropLease(123456789)]


@pytest.mark.parametrize("how", [Exit(0), Exit(1), Exit(None, 9)])
def test_an_exit_rests_and_starts_again_with_a_growing_delay(it: Stage, how: Exit) -> None:
    delays = []
    for _ in range(3):
        [wake] = it.exited(how)
        assert isinstance(wake, c.Wake)
        delays.append(wake.seconds)
        assert it.phase() is Phase.RESTING
        it.ring()
        it.through()
        it.started()
    assert delays == [1.0, 2.0, 4.0]


def test_the_delay_starts_anew_after_it_was_up_long_enough(it: Stage) -> None:
    it.exited(Exit(1))
    it.ring()
    it.through()
    it.started()
    it.now += 61
    [wake] = it.exited(Exit(1))
    assert isinstance(wake, c.Wake)
    assert wake.seconds == 1.0


def test_restart_never_and_on_failure() -> None:
    for when, how, expected in (
        (RestartWhen.NEVER, Exit(1), Phase.OFF),
        (RestartWhen.ON_FAILURE, Exit(0), Phase.OFF),
        (RestartWhen.ON_FAILURE, Exit(1), Phase.RESTING),
    ):
        it = Stage(spec(restart=RestartPolicy(policy=when)))
        it.launch()
        it.exited(how)
        assert it.phase() is expected


def test_retry_after_in_the_log_is_honoured_at_the_next_start(it: Stage) -> None:
    it.sign(Sign(SignKind.FLOOD, "retry after 100", 100.0))
    [wake] = it.exited(Exit(1))
    assert isinstance(wake, c.Wake)
    assert 98 <= wake.seconds <= 100


@pytest.mark.parametrize("seconds", [1e11, float("inf")])
def test_no_line_of_a_log_keeps_a_bot_down_for_ever(it: Stage, seconds: float) -> None:
    it.sign(Sign(SignKind.FLOOD, "user says: Too Many Requests: retry after 9999", seconds))
    [wake] = it.exited(Exit(1))
    assert isinstance(wake, c.Wake)
    assert wake.seconds <= 3600
    assert "next start in 60 min" in it.reason


def test_stopped_by_hand_stays_off_until_started(it: Stage) -> None:
    [stop] = it.tell(e.StopAsked())
    assert stop == c.StopRun(1, StopPolicy())
    assert it.exited() == [c.DropLease(123456789)]
    assert (it.phase(), it.reason) == (Phase.OFF, "stopped by hand")
    assert it.tell(e.StartAsked()) == [c.TakeLease(123456789)]


def test_a_pause_of_an_earlier_life_is_kept() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec, paused=True))
    assert it.phase() is Phase.OFF


def test_a_restart_stops_checks_and_starts_under_the_same_lease(it: Stage) -> None:
    it.tell(e.RestartAsked())
    assert it.asked(c.StopRun)
    it.exited()
    assert it.asked(c.TakeLease) == []
    it.through()
    assert it.run == 2


def test_an_edit_of_the_command_restarts_and_an_edit_of_policy_does_not(it: Stage) -> None:
    gentler = replace(it.spec, policy=Policy(stop=StopPolicy(grace=5)))
    assert it.tell(e.Wanted(gentler)) == [c.AdoptPolicy(gentler)]
    changed = replace(gentler, run=replace(gentler.run, command=("other",)))
    assert it.tell(e.Wanted(changed)) == [c.AdoptPolicy(changed), c.StopRun(1, StopPolicy(grace=5))]


def test_a_new_token_waits_for_the_old_run_and_changes_the_lease(it: Stage) -> None:
    other = spec(bot_id=999999999)
    assert it.asked(c.DropLease) == []
    it.tell(e.Wanted(other))
    assert it.asked(c.DropLease) == []
    it.exited()
    assert it.said == [c.DropLease(123456789), c.TakeLease(999999999)]


def test_enabled_false_stops(it: Stage) -> None:
    it.tell(e.Wanted(replace(it.spec, enabled=False)))
    it.exited()
    assert (it.phase(), it.reason) == (Phase.OFF, "enabled: false")


def test_what_cannot_be_killed_keeps_its_lease_and_is_tried_again(it: Stage) -> None:
    it.tell(e.StopAsked())
    it.tell(e.RunStuck(it.run, "could not be killed: pid 7"))
    assert (it.phase(), it.reason) == (Phase.STOPPING, "could not be killed: pid 7")
    assert it.bot.facts.lease is not None
    assert it.ring() == [c.StopRun(1, StopPolicy())]
    assert it.exited() == [c.DropLease(123456789)]


def test_a_refused_start_rests_or_fails() -> None:
    for permanent, expected in ((False, Phase.RESTING), (True, Phase.FAILED)):
        it = Stage(spec())
        it.tell(e.Wanted(it.spec))
        it.tell(e.LeaseTaken(123456789, 1))
        it.through()
        it.tell(e.RunRefused(it.run, "no such file", permanent))
        assert it.phase() is expected
        assert "no such file" in it.reason


def test_a_restart_asked_for_during_a_launch_that_is_refused_does_not_stop_the_next_run() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    it.through()
    it.tell(e.RestartAsked())
    it.tell(e.RunRefused(it.run, "no memory", permanent=False))
    it.ring()
    it.through()
    it.started()
    assert not it.asked(c.StopRun)


def test_an_edit_tries_a_failed_bot_again() -> None:
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    it.through(Prepare=s.PrepareFailed("setup: no", permanent=True))
    assert it.phase() is Phase.FAILED
    it.tell(e.Wanted(replace(it.spec, run=replace(it.spec.run, command=("mended",)))))
    assert it.asked(c.TakeLease)


def test_a_line_about_a_bad_token_is_checked_before_it_is_believed(it: Stage) -> None:
    said = it.sign(Sign(SignKind.UNAUTHORIZED, "401 Unauthorized"))
    assert said == [c.CheckToken(1, it.spec)]
    it.tell(e.TokenChecked(1, ""))
    assert it.phase() is Phase.UP
    it.tell(e.TokenChecked(1, "Telegram rejected the token"))
    assert it.asked(c.StopRun)


def test_the_rejection_of_a_token_that_was_replaced_meanwhile_fails_nothing(it: Stage) -> None:
    it.sign(Sign(SignKind.UNAUTHORIZED, "401 Unauthorized"))
    mended = replace(it.spec, run=replace(it.spec.run, token=Token("123456789:AAFakeNewFakeNewFakeNewFakeNewFakeN")))
    it.tell(e.Wanted(mended))
    it.tell(e.TokenChecked(1, "Telegram rejected the token"))
    it.exited()
    assert it.phase() is Phase.STARTING


def test_news_of_another_run_changes_nothing(it: Stage) -> None:
    for late in (e.RunExited(0, Exit(1)), e.SignSeen(0, Sign(SignKind.GET_UPDATES, "x")), e.RunStuck(0, "x")):
        assert it.tell(late) == []
    assert it.phase() is Phase.UP


@pytest.fixture
def web() -> Stage:
    stage = Stage(spec(mode=Mode.WEB, web=WebPolicy(failures=2)))
    stage.tell(e.Wanted(stage.spec))
    stage.tell(e.LeaseTaken(123456789, 1))
    stage.through()
    stage.started(port=8001)
    return stage


def test_a_web_bot_is_up_once_its_health_answers(web: Stage) -> None:
    assert (web.phase(), web.reason) == (Phase.STARTING, "waiting for port 8001")
    web.tell(e.HealthSeen(1, ok=True, port_open=True, detail="200"))
    assert web.phase() is Phase.UP


def test_a_web_bot_that_never_opens_its_port_is_asked_whether_it_is_a_worker(web: Stage) -> None:
    web.ring()
    assert (web.phase(), web.reason) == (Phase.UNHEALTHY, "no open port 8001 after 60 s; is this bot a worker?")
    assert web.said == []


def test_an_open_port_without_health_is_told_apart(web: Stage) -> None:
    web.tell(e.HealthSeen(1, ok=False, port_open=True, detail="GET /health: 404"))
    web.ring()
    assert "port 8001 is open, but GET /health fails after 60 s: GET /health: 404" in web.reason


def test_a_web_bot_that_stops_answering_is_restarted_after_the_failures_in_a_row(web: Stage) -> None:
    bad = e.HealthSeen(1, ok=False, port_open=False, detail="port 8001 does not accept")
    web.tell(e.HealthSeen(1, ok=True, port_open=True, detail="200"))
    assert web.tell(bad) == []
    assert web.phase() is Phase.UNHEALTHY
    assert len(web.tell(bad)) == 1
    assert web.asked(c.StopRun)
    web.exited()
    assert web.phase() is Phase.RESTING


def test_a_bot_whose_updates_pile_up_is_stalled() -> None:
    for restart in (False, True):
        it = Stage(spec(stall=StallPolicy(restart=restart, after=300)))
        it.launch()
        for pending in (1, 4, 9, 12, 20, 30):
            it.tell(e.BacklogSeen(1, pending, "", ""))
            it.now += 60
        assert it.reason == "stalled: waiting updates went from 1 to 30 in 5 min and never fell; nothing reads them"
        assert bool(it.bot.facts.run and it.bot.facts.run.ailing) is restart


def test_a_backlog_that_falls_is_no_stall() -> None:
    it = Stage(spec())
    it.launch()
    for pending in (9, 12, 3, 8, 12, 2, 20, 30):
        it.tell(e.BacklogSeen(1, pending, "", ""))
        it.now += 60
    assert it.phase() is Phase.UP


def test_leaving_says_why(it: Stage) -> None:
    it.tell(e.Unwanted("the supervisor is leaving"))
    assert (it.phase(), it.reason) == (Phase.STOPPING, "the supervisor is leaving")
    it.exited()
    assert it.bot.facts.at_rest


def test_timers_replaced_are_nobodys_news(it: Stage) -> None:
    it.exited(Exit(1))
    number, _ = it.bot.facts.timers[Timer.REST]
    it.tell(e.StartAsked())
    assert it.tell(e.Elapsed(number)) == []


def test_a_rival_on_this_host_is_reported_before_the_first_conflict() -> None:
    rival = Rival(123456789, 77, "bob", "node bot.js", 0.0, Owner(OwnerKind.PM2, "shop", ()), TokenPlace.ENVIRONMENT)
    it = Stage(spec())
    it.tell(e.Wanted(it.spec))
    it.tell(e.LeaseTaken(123456789, 1))
    it.answer(s.Done())
    it.answer(s.Looked(Sighting((rival,))))
    [report] = it.asked(c.Report)
    assert isinstance(report, c.Report)
    assert "pid 77" in report.text
    it.through()
    it.started()
    assert "a rival is on this host: pid 77" in it.reason
