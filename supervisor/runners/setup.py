"""Preparing a bot before its first start: a virtual environment of its own, and its `setup` command.

Both are runs like any other (marked, stopped whole) but without the token. What was done is written beside the
venv only once it succeeded, so whatever was interrupted is done again.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from supervisor.errors import StartRefused
from supervisor.model.bots import RunSpec, StopPolicy
from supervisor.model.runs import RunId
from supervisor.runners import environment, fingerprint
from supervisor.runners.process import ProcessRunner
from supervisor.runners.protocol import LogSink, StartOrder

SETUP = "setup"
_NUMBER = 0
"""Runs of bots count from 1; this one is the setup's."""
_LONGEST = 65536
_QUICKLY = StopPolicy(grace=5.0)


class Setups:
    """Keeps `<state_dir>/venvs/<bot>` and `<bot>.json` beside it. One `prepare` per bot at a time."""

    def __init__(self, state_dir: Path, runner: ProcessRunner, *, base: Mapping[str, str] = os.environ) -> None:
        self._folder = state_dir / "venvs"
        self._runner = runner
        self._base = base

    async def prepare(self, spec: RunSpec, bot: str, sink: LogSink) -> Path | None:
        """The venv to run the bot with, if any; quick when nothing changed since the last time.

        Raises StartRefused with the command's last line when it fails or takes longer than `spec.setup_timeout`.
        """
        given = spec.venv or environment.find_venv(spec.cwd)
        if not spec.setup:
            return given
        own = self._folder / bot if given is None and fingerprint.wants_venv(spec) else None
        record = self._folder / f"{bot}.json"
        wanted, done = self._summary(spec, own), _read(record)
        whole = own is None or (own / "bin" / "python").exists()
        if done == wanted and whole:
            return own or given
        lines = _SetupSink(sink)
        try:
            async with asyncio.timeout(spec.setup_timeout):
                if own is not None and not (whole and done.get("interpreter") == wanted["interpreter"]):
                    record.unlink(missing_ok=True)
                    await self._make_venv(spec, bot, own, lines)
                _write(record, wanted | {"digest": ""})
                await self._run(spec, bot, spec.setup, own or given, lines, "setup")
        except TimeoutError:
            reason = f"setup took longer than {spec.setup_timeout:g} s and was ended; give it a longer time limit"
            raise StartRefused(reason, permanent=False) from None
        finally:
            lines.close()
        # As they are now: `npm install` rewrites the lock file that it reads.
        _write(record, self._summary(spec, own))
        return own or given or environment.find_venv(spec.cwd)

    def forget(self, bot: str) -> None:
        """Remove what was made for a bot that left the fleet; idempotent."""
        shutil.rmtree(self._folder / bot, ignore_errors=True)
        (self._folder / f"{bot}.json").unlink(missing_ok=True)

    def _summary(self, spec: RunSpec, own: Path | None) -> dict[str, str]:
        python = fingerprint.interpreter(spec, self._base.get("PATH", os.defpath)) if own else ""
        return {
            "digest": fingerprint.digest(spec),
            "python": python,
            "interpreter": fingerprint.identity(python) if python else "",
        }

    async def _make_venv(self, spec: RunSpec, bot: str, venv: Path, lines: _SetupSink) -> None:
        await asyncio.to_thread(_clear, venv, spec.user)
        python = fingerprint.interpreter(spec, self._base.get("PATH", os.defpath))
        await self._run(spec, bot, (python, "-m", "venv", str(venv)), None, lines, "making a virtual environment")

    async def _run(
        self, spec: RunSpec, bot: str, command: tuple[str, ...], venv: Path | None, lines: _SetupSink, what: str
    ) -> None:
        run = RunId(bot, _NUMBER)
        environ = environment.build_for_setup(spec, self._runner.mark(run), venv=venv, base=self._base)
        handle = await self._runner.start(StartOrder(run, replace(spec, command=command), environ), lines)
        try:
            ended = await self._runner.wait(handle)
        except BaseException:  # out of time, or nobody wants it any more: nothing of it may stay
            await asyncio.shield(self._runner.stop(handle, _QUICKLY))
            raise
        if not ended.clean:
            why = lines.error or lines.last
            raise StartRefused(f"{what} {ended}" + (f": {why}" if why else ""), permanent=False)


class _SetupSink:
    """Both streams as one, `setup`, in whole lines; remembers the last one, and the last one that speaks of an error.

    pip and npm end with advice; the line before it says what is wrong.
    """

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._held: defaultdict[str, bytes] = defaultdict(bytes)
        self.last = ""
        self.error = ""

    def write(self, stream: str, chunk: bytes) -> None:
        whole, newline, rest = (self._held[stream] + chunk).rpartition(b"\n")
        if len(rest) > _LONGEST:
            whole, newline, rest = whole + newline + rest, b"", b""
        self._held[stream] = rest
        self._pass_on(whole + newline)

    def end(self, stream: str) -> None:
        self._pass_on(self._held.pop(stream, b""))

    def close(self) -> None:
        """All commands have ended."""
        self._sink.end(SETUP)

    def _pass_on(self, text: bytes) -> None:
        if not text:
            return
        for line in filter(None, map(bytes.strip, text.splitlines())):
            self.last = line[-300:].decode("utf-8", "replace")
            if b"error" in line.lower():
                self.error = self.last
        self._sink.write(SETUP, text)


def _clear(folder: Path, user: str | None) -> None:
    """An empty folder that belongs to the user who will fill it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if user is not None and os.geteuid() == 0:
        try:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        except KeyError:
            raise StartRefused(f"there is no user {user!r} on this machine; mend `user`", permanent=True) from None


def _read(record: Path) -> dict[str, str]:
    try:
        found = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(record: Path, content: dict[str, str]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps(content), "utf-8")
    fresh.replace(record)
