"""What is concluded from what was seen, and no more."""

from __future__ import annotations

import pytest

from supervisor.doctor.backlog import judge_backlog
from supervisor.doctor.identity import judge_identity
from supervisor.doctor.port import judge_port
from supervisor.doctor.probe import QUICK, THOROUGH, Seen, judge_probe
from supervisor.doctor.rivals import judge_connections, judge_sighting, judge_source
from supervisor.doctor.way import judge_clock
from supervisor.doctor.webhook import judge_webhook
from supervisor.errors import TelegramError
from supervisor.model.bots import Mode
from supervisor.model.findings import Level
from supervisor.model.rivals import Connections, LoopSpot, Owner, OwnerKind, Rival, Sighting, TokenPlace
from supervisor.telegram import Identity, ProbeResult, TokenRejected, Unreachable, WebhookInfo
from tests.doctor.stage import ID, levels, off, patient, up

NOW = 1_795_179_600.0
NONE = WebhookInfo("", 0, None, None)
G = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@pytest.mark.parametrize(
    ("answer", "level", "word"),
    [
        (Identity(ID, "news_bot"), Level.OK, "valid: @news_bot"),
        (Identity(7, "news_bot"), Level.WARNING, "is it the right one"),
        (TokenRejected("Telegram rejected the token (Unauthorized)"), Level.PROBLEM, "rejected"),
        (TokenRejected("Telegram rejected the token (Not Found)"), Level.PROBLEM, "malformed"),
        (Unreachable("Telegram did not answer in time"), Level.UNKNOWN, "in time"),
        (TelegramError("Telegram asks to wait 5 s"), Level.UNKNOWN, "refused"),
    ],
)
def test_valid_rejected_malformed_and_unreachable_are_told_apart(
    answer: Identity | TelegramError, level: Level, word: str
) -> None:
    found = judge_identity(patient(), answer)
    assert found.level is level
    assert word in found.evidence


class TestMode:
    def test_a_worker_with_a_webhook_cannot_poll(self) -> None:
        info = WebhookInfo("https://old.example/secret-path", 3, None, None)
        found = judge_webhook(patient(), info, NOW)
        assert levels(found) == {"mode": Level.PROBLEM, "webhook": Level.OK}
        assert "old.example" in found[0].evidence
        assert found[0].remedy.startswith("botctl unlock news")
        assert not any("secret-path" in each.evidence + each.remedy for each in found)

    def test_a_worker_without_one_can(self) -> None:
        assert levels(judge_webhook(patient(), NONE, NOW)) == {"mode": Level.OK}

    def test_a_web_bot_that_is_up_without_a_webhook_probably_polls(self) -> None:
        found = judge_webhook(patient(mode=Mode.WEB, status=up()), NONE, NOW)
        assert levels(found) == {"mode": Level.WARNING}
        assert "mode: worker" in found[0].remedy

    def test_one_that_is_off_may_set_it_later(self) -> None:
        assert levels(judge_webhook(patient(mode=Mode.WEB, status=off()), NONE, NOW)) == {"mode": Level.OK}

    def test_whose_webhook_it_is_is_said_only_where_the_bot_names_the_host(self) -> None:
        info = WebhookInfo("https://bots.example/hook", 0, None, None)
        named = patient(mode=Mode.WEB, env={"WEBHOOK_URL": "https://bots.example/other"})
        assert "which its WEBHOOK_URL names" in judge_webhook(named, info, NOW)[0].evidence
        assert "nothing in its environment names" in judge_webhook(patient(mode=Mode.WEB), info, NOW)[0].evidence


@pytest.mark.parametrize(
    ("age", "pending", "level"),
    [(60, 5, Level.PROBLEM), (60, 0, Level.WARNING), (90_000, 5, Level.WARNING), (90_000, 0, Level.OK)],
)
def test_an_old_error_of_a_webhook_means_little(age: float, pending: int, level: Level) -> None:
    info = WebhookInfo("https://bots.example/hook", pending, "Connection refused", NOW - age)
    assert levels(judge_webhook(patient(mode=Mode.WEB), info, NOW))["webhook"] is level


class TestBacklog:
    def test_nothing_waiting_is_no_proof_of_being_alone(self) -> None:
        found = judge_backlog(patient(status=up()), 0, 0, 3)
        assert (found.level, "rival" in found.evidence) == (Level.OK, True)

    def test_falling_is_good_only_while_our_bot_is_up(self) -> None:
        assert judge_backlog(patient(status=up()), 5, 2, 3).level is Level.OK
        assert judge_backlog(patient(status=off()), 5, 2, 3).level is Level.WARNING
        assert "expired" in judge_backlog(patient(), 5, 2, 3).evidence

    def test_growing_is_a_warning_only_while_our_bot_is_up(self) -> None:
        assert judge_backlog(patient(status=up()), 5, 6, 3).level is Level.WARNING
        assert judge_backlog(patient(status=off()), 5, 6, 3).level is Level.OK


class TestProbe:
    def test_a_409_is_certain(self) -> None:
        found = judge_probe(patient(), QUICK, Seen((ProbeResult(10, G, waiting=False),), ((0, 0), (1, 0))))
        assert [(each.check, each.level) for each in found] == [("probe", Level.PROBLEM)]
        assert found[0].evidence.startswith("certain")

    def test_silence_names_what_it_can_miss(self) -> None:
        silent = Seen((ProbeResult(10, "", waiting=False),), ((0, 0), (10, 0)))
        quick = judge_probe(patient(), QUICK, silent)[0].evidence
        thorough = judge_probe(patient(), THOROUGH, silent)[0].evidence
        assert "none seen within 10 s" in quick
        assert "back-off" in quick
        assert "none seen within 100 s" in thorough
        assert "back-off" not in thorough
        assert all("without waiting" in text and "long handler" in text for text in (quick, thorough))

    def test_waiting_updates_make_it_inconclusive(self) -> None:
        seen = Seen((ProbeResult(10, "", waiting=True),), ((0, 4), (5, 4), (10, 4)))
        assert levels(judge_probe(patient(), QUICK, seen)) == {"probe": Level.UNKNOWN, "queue": Level.OK}

    def test_a_queue_that_falls_without_us_is_told(self) -> None:
        seen = Seen((ProbeResult(10, "", waiting=True),), ((0, 4), (5, 1), (10, 2)))
        found = judge_probe(patient(), QUICK, seen)
        assert levels(found) == {"probe": Level.UNKNOWN, "queue": Level.WARNING}
        assert "4, 1, 2 in 10 s" in found[1].evidence
        assert "expired" in found[1].evidence

    def test_a_webhook_that_was_set_meanwhile_is_not_called_a_poller(self) -> None:
        text = "Conflict: terminated by setWebhook request"
        found = judge_probe(patient(), QUICK, Seen((ProbeResult(10, text, waiting=False),), ((0, 0),)))
        assert found[0].level is Level.PROBLEM
        assert "somebody else polls" not in found[0].evidence


@pytest.mark.parametrize(
    ("skew", "level"),
    [(0.4, Level.OK), (-4, Level.OK), (30, Level.WARNING), (-30, Level.WARNING), (900, Level.PROBLEM)],
)
def test_the_clock(skew: float, level: Level) -> None:
    found = judge_clock(skew)
    assert found.level is level
    if level is not Level.OK:
        assert ("ahead of" in found.evidence) == (skew > 0)


@pytest.mark.parametrize(
    ("answer", "is_up", "level"),
    [
        ("HTTP/1.1 200 OK", True, Level.OK),
        ("HTTP/1.1 503 Service Unavailable", True, Level.PROBLEM),
        ("", True, Level.PROBLEM),
        (None, True, Level.PROBLEM),
        (None, False, Level.OK),
        ("HTTP/1.1 200 OK", False, Level.PROBLEM),
    ],
)
def test_the_port_is_judged_by_whether_the_bot_is_up(answer: str | None, is_up: bool, level: Level) -> None:
    assert judge_port(patient(mode=Mode.WEB), 8080, answer, up=is_up).level is level


class TestRivals:
    PM2 = Owner(OwnerKind.PM2, "news", ("pm2 stop news", "pm2 delete news"))

    def rival(self, *, sure: bool = True) -> Rival:
        return Rival(ID, 77, "bob", "node bot.js", NOW, self.PM2, TokenPlace.ENVIRONMENT, sure=sure)

    def test_a_rival_comes_with_the_command_that_ends_it(self) -> None:
        found = judge_sighting([patient()], Sighting((self.rival(),)))
        assert levels(found) == {"rivals": Level.PROBLEM}
        assert found[0].remedy == "pm2 stop news && pm2 delete news"
        assert "pid 77" in found[0].evidence

    def test_a_hint_is_no_problem(self) -> None:
        assert judge_sighting([patient()], Sighting((self.rival(sure=False),)))[0].level is Level.WARNING

    def test_what_could_not_be_read_is_not_none(self) -> None:
        found = judge_sighting([patient()], Sighting((), ("3 processes of bob",)))
        assert [each.level for each in found] == [Level.OK, Level.UNKNOWN]
        assert "that could be read" in found[0].evidence

    def test_only_suspect_places_are_loops(self) -> None:
        start = LoopSpot("bot.py", 7, "starts polling", "")
        second = LoopSpot("jobs.py", 3, "starts polling again", "share one bot", suspect=True)
        assert [each.level for each in judge_source(patient(), [start])] == [Level.OK]
        found = judge_source(patient(), [start, second])
        assert [(each.level, each.remedy) for each in found] == [(Level.WARNING, "share one bot")]
        assert "jobs.py:3" in found[0].evidence

    def test_two_requests_at_once_are_a_hint(self) -> None:
        assert judge_connections(patient(), Connections(4, 10, 7, waiting=2)).level is Level.WARNING
        assert judge_connections(patient(), Connections(4, 10, 7, waiting=1)).level is Level.OK
        assert judge_connections(patient(), Connections(0, 0, 7, unread="no")).level is Level.UNKNOWN
        assert judge_connections(patient(), Connections(1, 10, 7)).level is Level.UNKNOWN

    def test_a_web_bot_with_a_waiting_request_probably_polls(self) -> None:
        found = judge_connections(patient(mode=Mode.WEB), Connections(2, 10, 7, waiting=1))
        assert (found.level, "mode: worker" in found.remedy) == (Level.WARNING, True)
        assert judge_connections(patient(mode=Mode.WEB), Connections(2, 10, 7, waiting=0)).level is Level.OK
