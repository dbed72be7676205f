"""What the evidence of an incident is read as, and what a bot's last seconds are used for to gather it."""

from __future__ import annotations

from dataclasses import replace

from supervisor.core import commands as c
from supervisor.core import events as e
from supervisor.core import steps as s
from supervisor.core.diagnose import diagnose
from supervisor.core.evidence import Trouble
from supervisor.core.facts import Timer
from supervisor.model.bots import ConflictPolicy, Rivals
from supervisor.model.incidents import Cause
from supervisor.model.rivals import Connections, LoopSpot, Owner, OwnerKind, Rival, Sighting, TokenPlace
from supervisor.model.signs import SignKind
from supervisor.model.status import Phase
from tests.core.specs import spec
from tests.core.stage import Stage

BOT = 123456789
MET = s.Probed(10.0, rival=True, waiting=False)
QUIET = s.Probed(10.0, rival=False, waiting=False)
PM2 = Rival(
    BOT,
    77,
    "bob",
    "node bot.js",
    0.0,
    Owner(OwnerKind.PM2, "shop", ("pm2 stop shop", "pm2 delete shop")),
    TokenPlace.ENV_FILE,
    connected=True,
)
NOHUP = Rival(
    BOT,
    88,
    "bob",
    "python bot.py",
    0.0,
    Owner(OwnerKind.UNKNOWN, "", ("kill 88",)),
    TokenPlace.ENVIRONMENT,
    sure=False,
)
SUSPECT = LoopSpot("bot.js", 7, "polling: true", "share one instance", suspect=True)
ONE = Connections(2, 10, 5, waiting=1, waiting_pids=(5,))
TWO = Connections(4, 10, 5, waiting=2, waiting_pids=(5,))


def trouble(*probes: s.Probed, rivals: tuple[Rival, ...] = ()) -> Trouble:
    return Trouble(signs=[SignKind.GET_UPDATES], probes=list(probes), sighting=Sighting(rivals))


def test_a_connected_rival_with_the_token_in_its_env_file_is_named() -> None:
    found = diagnose(trouble(MET, rivals=(PM2,)), BOT)
    assert (found.cause, found.remedy) == (Cause.RIVAL, ("pm2 stop shop", "pm2 delete shop"))
    assert "uses the same token: pid 77" in found.summary


def test_a_hint_is_shown_beside_a_sure_rival_and_nobody_is_told_to_end_it() -> None:
    found = diagnose(trouble(MET, rivals=(NOHUP, PM2)), BOT)
    assert found.remedy == ("pm2 stop shop", "pm2 delete shop")
    assert any("pid 88" in line for line in found.evidence)


def test_who_only_has_the_token_probably_uses_it() -> None:
    found = diagnose(trouble(MET, rivals=(NOHUP,)), BOT)
    assert "probably uses the same token: pid 88" in found.summary
    assert found.remedy == ("kill 88",)


def test_a_mere_hint_does_not_stand_for_the_poller_that_a_probe_met() -> None:
    hint = replace(PM2, connected=False, sure=False)
    found = diagnose(trouble(MET, rivals=(hint,)), BOT)
    assert "outside this host" in found.summary
    assert "no process" not in found.summary
    assert any("pid 77" in line for line in found.evidence)
    assert any("/revoke" in line for line in found.remedy)


def test_a_rival_that_was_met_once_stays_the_cause_while_it_rests() -> None:
    assert diagnose(trouble(MET, QUIET), BOT).cause is Cause.RIVAL


def test_a_sure_rival_that_no_probe_met_explains_more_than_a_guess_at_the_source() -> None:
    found = diagnose(trouble(QUIET, QUIET, rivals=(PM2,)), BOT)
    assert found.cause is Cause.RIVAL
    assert any("no probe met it" in line for line in found.unknown)


def test_two_waiting_requests_or_two_places_in_the_source_outweigh_it() -> None:
    doubled, written = trouble(QUIET, rivals=(PM2,)), trouble(QUIET, rivals=(PM2,))
    doubled.connections = TWO
    written.spots = (SUSPECT,)
    assert diagnose(doubled, BOT).cause is Cause.INNER_LOOP
    assert diagnose(written, BOT).cause is Cause.INNER_LOOP


def test_who_sets_a_webhook_may_be_here() -> None:
    met = trouble(rivals=(PM2,))
    for _ in range(3):
        met.webhook_met("https://old.example")
    found = diagnose(met, BOT)
    assert found.cause is Cause.WEBHOOK_RESET
    assert any("pid 77" in line and "pm2 stop shop && pm2 delete shop" in line for line in found.remedy)


# the story that leads there


def after_a_quiet_probe() -> Stage:
    """Up again after a round in which a probe met nobody."""
    it = Stage(spec())
    it.launch()
    for _ in range(2):
        it.sign()
        it.tell(e.ConnectionsSeen(it.run, ONE))
        it.exited()
        it.through()
        it.started()
    return it


def stops(it: Stage) -> bool:
    return bool(it.asked(c.StopRun))


def test_a_conflict_that_no_probe_explains_is_counted_before_the_run_is_stopped() -> None:
    it = after_a_quiet_probe()
    it.tell(e.ConnectionsSeen(it.run, ONE))
    it.sign()
    assert it.asked(c.WatchConnections)
    assert not stops(it)
    assert it.phase() is Phase.HEALING
    assert "counting" in it.reason
    it.tell(e.ConnectionsSeen(it.run, TWO))
    assert stops(it)
    assert it.bot.facts.trouble is not None
    assert it.bot.facts.trouble.connections == TWO


def test_the_count_that_began_with_the_run_does_not_end_the_one_that_began_with_the_conflict() -> None:
    it = after_a_quiet_probe()
    it.sign()
    it.tell(e.ConnectionsSeen(it.run, ONE))
    assert not stops(it)
    it.tell(e.ConnectionsSeen(it.run, ONE))
    assert stops(it)


def test_a_count_that_never_answers_does_not_keep_the_run() -> None:
    it = after_a_quiet_probe()
    it.sign()
    while Timer.COUNT in it.bot.facts.timers:
        it.ring()
    assert stops(it)


def test_a_person_who_stops_it_does_not_wait_for_the_count() -> None:
    it = after_a_quiet_probe()
    it.sign()
    it.tell(e.StopAsked())
    assert stops(it)


def test_a_conflict_before_any_probe_stops_the_run_at_once() -> None:
    it = Stage(spec())
    it.launch()
    it.sign()
    assert stops(it)


def test_whoever_ended_a_probe_is_looked_for_while_it_polls() -> None:
    it = Stage(spec())
    it.launch()
    it.sign()
    it.exited()
    it.through()
    it.started()
    it.sign()
    it.exited()
    while not isinstance(it.step(), s.Probe):
        it.answer(s.WebhookSeen("", 0) if isinstance(it.step(), s.ReadWebhook) else s.Done())
    it.answer(MET)
    assert it.step() == s.LookAround()


def test_when_the_rival_that_ended_a_probe_was_ended_the_bot_starts() -> None:
    policy = ConflictPolicy(wait=5, attempts=2, window=60, probe=10, rivals=Rivals.STOP)
    ended = s.Looked(Sighting(), ("pid 77: stopped",))
    it = Stage(spec(conflict=policy))
    it.launch()
    it.sign()
    it.exited()
    it.through()
    it.started()
    it.sign()
    it.exited()
    it.through(Probe=MET, LookAround=ended)
    assert it.asked(c.StartRun)
