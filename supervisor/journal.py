"""What survives a restart of the supervisor: its identity, bots stopped by hand, run numbers, incidents.

SQLite in the state directory (mode 0600), written as things happen. A disk that refuses, or another program that
locks the file, never stops a bot from being looked after: the failure is kept as `problem`, which `status` shows;
wishes and run numbers wait for `retry`, what could not be said of an incident is lost. No token is ever written
here; texts come redacted.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supervisor.errors import SupervisorError
from supervisor.model.incidents import Cause, Diagnosis, Incident, IncidentStep, Outcome
from supervisor.model.signs import Sign

log = logging.getLogger(__name__)

VERSION = 1
"""Of the tables; a journal of a newer one is refused, an older one is migrated here."""

BUSY = 0.1
"""Seconds to wait for another program's lock: the whole fleet waits with us."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS bots (
    name TEXT PRIMARY KEY, paused INTEGER NOT NULL DEFAULT 0, last_run INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bot TEXT NOT NULL, bot_id INTEGER NOT NULL, sign TEXT NOT NULL,
    opened REAL NOT NULL, closed REAL, outcome TEXT NOT NULL, signs INTEGER NOT NULL, diagnosis TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS incidents_of_bot ON incidents (bot, id);
CREATE TABLE IF NOT EXISTS steps (
    incident INTEGER NOT NULL REFERENCES incidents (id), at REAL NOT NULL, action TEXT NOT NULL, result TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS steps_of_incident ON steps (incident);
"""


class JournalUnusable(SupervisorError):
    """The journal was written by a newer version of this program."""


class Journal:
    """One supervisor's memory. `clock` gives Unix seconds."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.problem = ""
        self.damage = ""
        self._clock = clock
        self._unsaved: dict[tuple[str, str], int] = {}
        self._db = self._open(path)
        self.fleet_id = self._identity(path.with_name("fleet"))
        self._do("UPDATE incidents SET outcome = ?, closed = ? WHERE closed IS NULL", Outcome.ABANDONED, clock())

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                remedy = "is the disk full or read-only, or another program at work on this file?"
                raise SupervisorError(f"cannot use {path}: {error}; {remedy}") from None
        except OSError as error:
            raise SupervisorError(
                f"cannot use {path}: {error.strerror}; it must be a file of the user who runs the supervisor"
            ) from None
        aside = path.with_suffix(f".damaged-{int(self._clock())}")
        path.rename(aside)
        self.damage = f"the journal was damaged; it lies at {aside}, and stops by hand must be given again"
        log.error(self.damage)
        return _connect(path)

    def close(self) -> None:
        self._db.close()

    def _identity(self, beside: Path) -> str:
        """What runs are marked with, also in the file `beside`: a damaged journal must not hide runs left behind."""
        known = _read_identity(beside)
        self._do("INSERT OR IGNORE INTO meta VALUES ('fleet', ?)", known or uuid.uuid4().hex[:12])
        rows = self._ask("SELECT value FROM meta WHERE key = 'fleet'")
        found = str(rows[0][0]) if rows else known or uuid.uuid4().hex[:12]
        if found != known:
            _write_identity(beside, found)
        return found

    # bots

    def paused(self, bot: str) -> bool:
        return bool(self._get(bot, "paused"))

    def set_paused(self, bot: str, paused: bool) -> None:
        self._set(bot, "paused", int(paused))

    def last_run(self, bot: str) -> int:
        return self._get(bot, "last_run")

    def set_last_run(self, bot: str, number: int) -> None:
        self._set(bot, "last_run", number)

    def retry(self) -> None:
        """Write what could not be written; to be called now and then."""
        for (bot, column), value in list(self._unsaved.items()):
            if not self._save(bot, column, value):
                return
            self._unsaved.pop((bot, column), None)
        if self.problem:
            self._do("UPDATE meta SET value = value WHERE key = 'fleet'")

    def _get(self, bot: str, column: str) -> int:
        if (value := self._unsaved.get((bot, column))) is not None:
            return value
        return max((int(row[0]) for row in self._ask(f"SELECT {column} FROM bots WHERE name = ?", bot)), default=0)  # noqa: S608

    def _set(self, bot: str, column: str, value: int) -> None:
        if self._save(bot, column, value):
            self._unsaved.pop((bot, column), None)
        else:
            self._unsaved[bot, column] = value

    def _save(self, bot: str, column: str, value: int) -> bool:
        sql = (
            f"INSERT INTO bots (name, {column}) VALUES (?, ?) "  # noqa: S608
            f"ON CONFLICT (name) DO UPDATE SET {column} = excluded.{column}"
        )
        return self._do(sql, bot, value) is not None

    # incidents

    def open_incident(self, bot: str, bot_id: int, sign: Sign) -> int | None:
        """The new incident's id; None when it could not be written."""
        return self._do(
            "INSERT INTO incidents (bot, bot_id, sign, opened, outcome, signs) VALUES (?, ?, ?, ?, ?, 1)",
            bot,
            bot_id,
            sign.kind.value,
            self._clock(),
            Outcome.OPEN,
        )

    def count_sign(self, incident: int) -> None:
        self._do("UPDATE incidents SET signs = signs + 1 WHERE id = ?", incident)

    def record_step(self, incident: int, action: str, result: str) -> None:
        self._do("INSERT INTO steps VALUES (?, ?, ?, ?)", incident, self._clock(), action, result)

    def settle(self, incident: int, outcome: Outcome, diagnosis: Diagnosis | None) -> None:
        """A held incident stays open; a diagnosis once made stays with it."""
        closed = None if outcome is Outcome.HELD else self._clock()
        text = json.dumps(diagnosis.as_json()) if diagnosis else None
        self._do(
            "UPDATE incidents SET outcome = ?, closed = ?, diagnosis = coalesce(?, diagnosis) WHERE id = ?",
            outcome,
            closed,
            text,
            incident,
        )

    def incidents(self, bot: str | None, limit: int) -> list[Incident]:
        """Newest first."""
        where, args = ("WHERE bot = ?", [bot]) if bot is not None else ("", [])
        rows = self._ask(
            f"SELECT id, bot, bot_id, sign, opened, closed, outcome, signs, diagnosis FROM incidents {where} "  # noqa: S608
            "ORDER BY id DESC LIMIT ?",
            *args,
            limit,
        )
        return [self._incident(row) for row in rows]

    def latest(self) -> dict[str, dict[str, object]]:
        """The last incident of each bot, summed up for `status`."""
        rows = self._ask(
            "SELECT bot, id, opened, closed, outcome, sign, diagnosis FROM incidents "
            "WHERE id IN (SELECT max(id) FROM incidents GROUP BY bot)"
        )
        return {bot: _summary(*rest) for bot, *rest in rows}

    def _incident(self, row: tuple[Any, ...]) -> Incident:
        ident, bot, bot_id, sign, opened, closed, outcome, signs, diagnosis = row
        steps = self._ask("SELECT at, action, result FROM steps WHERE incident = ? ORDER BY rowid", ident)
        return Incident(
            ident,
            bot,
            bot_id,
            sign,
            opened,
            closed,
            Outcome(outcome),
            signs,
            tuple(IncidentStep(*step) for step in steps),
            _diagnosis(json.loads(diagnosis)) if diagnosis else None,
        )

    def _do(self, sql: str, *args: object) -> int | None:
        try:
            cursor = self._db.execute(sql, args)
        except sqlite3.Error as error:
            self._failed(error)
            return None
        self.problem = ""
        return cursor.lastrowid

    def _ask(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, args).fetchall()
        except sqlite3.Error as error:
            self._failed(error)
            return []

    def _failed(self, error: sqlite3.Error) -> None:
        if not self.problem:
            log.error("the journal cannot be written or read: %s", error)
        self.problem = f"journal: {error}"


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise JournalUnusable(f"{path} is of a newer supervisor (version {version}); upgrade this one")
        db.executescript(_TABLES)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute(f"PRAGMA busy_timeout = {BUSY * 1000:.0f}")
    except BaseException:
        db.close()
        raise
    return db


def _read_identity(path: Path) -> str:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
    return text if len(text) == 12 and text.isalnum() else ""


def _write_identity(path: Path, identity: str) -> None:
    """It is a spare: without it only a damaged journal is worse."""
    try:
        path.write_text(identity + "\n", "ascii")
    except OSError as error:
        log.warning("%s could not be written: %s", path, error.strerror)


def _summary(
    ident: int, opened: float, closed: float | None, outcome: str, sign: str, diagnosis: str | None
) -> dict[str, object]:
    return {
        "id": ident,
        "opened": _iso(opened),
        "closed": None if closed is None else _iso(closed),
        "outcome": outcome,
        "summary": json.loads(diagnosis)["summary"] if diagnosis else sign,
    }


def _iso(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds")


def _diagnosis(data: dict[str, object]) -> Diagnosis:
    def texts(key: str) -> tuple[str, ...]:
        value = data.get(key)
        return tuple(map(str, value)) if isinstance(value, list) else ()

    return Diagnosis(
        Cause(str(data["cause"])), str(data["summary"]), texts("evidence"), texts("unknown"), texts("remedy")
    )
