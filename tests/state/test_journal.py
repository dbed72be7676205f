"""What a new life of the supervisor still knows, and what it does with a journal that is damaged or refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.errors import SupervisorError
from supervisor.journal import Journal, JournalUnusable
from supervisor.model.incidents import Cause, Diagnosis, Outcome
from supervisor.model.signs import Sign, SignKind

SIGN = Sign(SignKind.GET_UPDATES, "Conflict: terminated by other getUpdates request")
WHY = Diagnosis(Cause.RIVAL, "a rival", ("seen",), ("not seen",), ("stop it",))


def life(folder: Path, at: float = 1000.0) -> Journal:
    return Journal(folder / "journal.sqlite", clock=lambda: at)


def test_identity_pauses_and_numbers_outlive_a_life(tmp_path: Path) -> None:
    first = life(tmp_path)
    first.set_paused("a", True)
    first.set_last_run("a", 7)
    first.close()
    second = life(tmp_path)
    assert second.fleet_id == first.fleet_id
    assert (second.paused("a"), second.last_run("a")) == (True, 7)
    assert (second.paused("b"), second.last_run("b")) == (False, 0)
    second.set_paused("a", False)
    assert (second.paused("a"), second.last_run("a")) == (False, 7)
    second.close()


def test_an_incident_is_kept_whole(tmp_path: Path) -> None:
    journal = life(tmp_path)
    number = journal.open_incident("a", 123456789, SIGN)
    assert number is not None
    journal.count_sign(number)
    journal.record_step(number, "deleteWebhook", "done")
    journal.settle(number, Outcome.HELD, WHY)
    [held] = journal.incidents("a", 5)
    assert (held.outcome, held.closed, held.signs, held.diagnosis) == (Outcome.HELD, None, 2, WHY)
    assert [(step.action, step.result) for step in held.steps] == [("deleteWebhook", "done")]
    journal.settle(number, Outcome.RECOVERED, None)
    [over] = journal.incidents(None, 5)
    assert (over.outcome, over.closed, over.diagnosis) == (Outcome.RECOVERED, 1000.0, WHY)
    journal.close()


def test_the_newest_comes_first_and_each_bot_has_its_last(tmp_path: Path) -> None:
    journal = life(tmp_path)
    for bot in ("a", "b", "a"):
        journal.open_incident(bot, 1, SIGN)
    assert [incident.id for incident in journal.incidents(None, 2)] == [3, 2]
    assert [incident.id for incident in journal.incidents("a", 9)] == [3, 1]
    assert {bot: last["id"] for bot, last in journal.latest().items()} == {"a": 3, "b": 2}
    journal.close()


def test_what_a_dead_supervisor_left_open_is_called_abandoned(tmp_path: Path) -> None:
    first = life(tmp_path)
    first.open_incident("a", 1, SIGN)
    first.close()
    second = life(tmp_path, at=2000.0)
    [incident] = second.incidents("a", 5)
    assert (incident.outcome, incident.closed) == (Outcome.ABANDONED, 2000.0)
    second.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    life(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "journal.sqlite").stat().st_mode) == 0o600


def test_a_damaged_journal_is_put_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all, but long enough to be one " * 50)
    journal = life(tmp_path)
    assert "damaged-1000" in journal.damage
    journal.set_paused("a", True)
    assert journal.paused("a")
    assert (tmp_path / "journal.damaged-1000").exists()
    journal.close()


def test_a_damaged_journal_does_not_hide_the_runs_of_an_earlier_life(tmp_path: Path) -> None:
    first = life(tmp_path)
    first.close()
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all, but long enough to be one " * 50)
    second = life(tmp_path)
    assert second.fleet_id == first.fleet_id
    second.close()


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    life(tmp_path).close()
    db = sqlite3.connect(tmp_path / "journal.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalUnusable, match="upgrade"):
        life(tmp_path)


def test_a_disk_that_refuses_is_a_problem_and_not_an_end(tmp_path: Path) -> None:
    journal = life(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None, timeout=0)
    other.execute("BEGIN EXCLUSIVE")
    journal._db.execute("PRAGMA busy_timeout = 0")
    assert journal.open_incident("a", 1, SIGN) is None
    assert "locked" in journal.problem
    other.execute("ROLLBACK")
    other.close()
    assert journal.open_incident("a", 1, SIGN) == 1
    assert journal.problem == ""
    journal.close()


def test_wishes_that_could_not_be_written_are_written_later(tmp_path: Path) -> None:
    journal = life(tmp_path)
    journal.set_last_run("a", 3)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None, timeout=0)
    other.execute("BEGIN EXCLUSIVE")
    journal.set_paused("a", True)
    journal.set_last_run("a", 4)
    assert (journal.paused("a"), journal.last_run("a")) == (True, 4)
    journal.retry()
    assert "locked" in journal.problem
    other.execute("ROLLBACK")
    other.close()
    journal.retry()
    assert journal.problem == ""
    journal.close()
    second = life(tmp_path)
    assert (second.paused("a"), second.last_run("a")) == (True, 4)
    second.close()


def test_a_problem_that_is_over_is_not_told_any_more(tmp_path: Path) -> None:
    journal = life(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None, timeout=0)
    other.execute("BEGIN EXCLUSIVE")
    assert journal.open_incident("a", 1, SIGN) is None
    other.execute("ROLLBACK")
    other.close()
    journal.retry()
    assert journal.problem == ""
    journal.close()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/elsewhere")])
def test_what_is_no_file_of_ours_is_refused_in_words(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "journal.sqlite")
    with pytest.raises(SupervisorError, match=r"cannot use .*journal\.sqlite"):
        life(tmp_path)
