"""`botctl rivals`: looks at this host by itself, so that it works while no supervisor runs."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from supervisor.cli.exits import BadUsage, Exit, masked
from supervisor.cli.terminal import harmless, has_colours, paint
from supervisor.cli.units import clock
from supervisor.errors import NotRunning
from supervisor.model.bots import SIMULATOR, BotSpec
from supervisor.model.rivals import Owner, Rival, Sighting
from supervisor.names import pick
from supervisor.rivals.host import HostEyes

COME_BACK = 1.0
"""Seconds after which it is looked again: some keepers start what was ended at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`sure` answers every question with yes."""

    stop: bool = False
    sure: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """The bots that are asked about, by bot id."""

    names: Mapping[int, str]
    tokens: Mapping[int, str]
    api_urls: Mapping[int, str]

    def __repr__(self) -> str:
        return f"Questions({self.names})"


def show_rivals(state_dir: Path, file: Path, bot: str | None, wanted: Wanted) -> Exit:
    """FAILED while there is a rival. Raises ConfigError, UnknownBot, BadUsage."""
    from supervisor.config.load import load

    fleet = load(file, os.environ)
    names = pick([bot], list(fleet.bots)) if bot else list(fleet.bots)
    pid, simulator = _supervisor(state_dir)
    eyes = HostEyes(fleet_id(state_dir), masked, run_command, spared=[pid] if pid else [])
    return asyncio.run(_show(eyes, _questions([fleet.bots[name] for name in names], simulator), wanted))


async def run_command(argv: Sequence[str], environ: dict[str, str], timeout: float) -> tuple[int, str]:
    """See rivals/commands.py, `Run`. Here nobody reaps our children, so subprocess may."""

    def run() -> tuple[int, str]:
        try:
            done = subprocess.run(
                argv,
                check=False,
                env=environ,
                timeout=timeout,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        return done.returncode, done.stdout.decode(errors="replace")

    return await asyncio.to_thread(run)


async def _show(eyes: HostEyes, asked: Questions, wanted: Wanted) -> Exit:
    seen = await eyes.sight(asked.tokens, asked.api_urls)
    if not wanted.as_json:
        print("\n".join(lines(seen, asked.names, colours=has_colours())), flush=True)
    stopped: tuple[str, ...] = ()
    if wanted.stop and seen.rivals:
        stopped = await eyes.stop(_chosen(seen.rivals, wanted))
        if not wanted.as_json:
            print("\n".join(["", *(harmless(masked(text)) for text in stopped)]), flush=True)
        await asyncio.sleep(COME_BACK)
        seen = await eyes.sight(asked.tokens, asked.api_urls, anew=True)
        if not wanted.as_json:
            print("\n" + _verdict(seen.rivals))
    if wanted.as_json:
        print(json.dumps(as_json(seen, asked.names, stopped), indent=2, ensure_ascii=False))
    return Exit.FAILED if seen.rivals else Exit.DONE


def _chosen(rivals: Iterable[Rival], wanted: Wanted) -> list[Rival]:
    """Those to end. What a person agrees to is sure; what nobody is asked about stays as sure as it was."""
    if wanted.sure:
        return list(rivals)
    if wanted.as_json or not sys.stdin.isatty():
        raise BadUsage("--stop would end what is not ours, and nobody is here to ask", "add --yes to do it")
    chosen = []
    for rival in rivals:
        hint = "" if rival.sure else " (only a hint: it may be meant to have the token)"
        answer = input(f"Stop {harmless(_what(rival))}{hint}? [y/N] ")
        if answer.strip().lower() in ("y", "yes"):
            chosen.append(replace(rival, sure=True))
    return chosen


def lines(seen: Sighting, names: Mapping[int, str], *, colours: bool) -> list[str]:
    """What was seen and what could not be, for people."""
    told = []
    for bot_id, name in names.items():
        here = [rival for rival in seen.rivals if rival.bot_id == bot_id]
        if here:
            count = f"{len(here)} rival{'s' if len(here) != 1 else ''} on this host"
            told += [paint(f"{name} ({bot_id}): {count}", "bold", colours=colours)]
            told += [line for rival in here for line in _lines(rival)]
    if not seen.rivals:
        bots = f"{len(names)} bot{'s' if len(names) != 1 else ''}"
        told.append(f"no rivals seen on this host ({bots} looked for)")
    told += [f"note: {harmless(masked(text))}" for text in seen.also]
    return told + [paint(f"not seen: {harmless(text)}", "yellow", colours=colours) for text in seen.unread]


def _lines(rival: Rival) -> list[str]:
    about = [
        ("program", rival.command),
        ("seen", rival.proof + ("" if rival.sure else "; only a hint")),
        ("kept by", _keeper(rival.owner)),
        ("to stop", " && ".join(rival.owner.stop) or "not known"),
    ]
    since = f", started {clock(rival.since)}" if rival.since else ""
    head = f"  {_what(rival)}: {rival.user or 'unknown user'}{since}"
    return [harmless(head), *(f"    {title + ':':<9}{harmless(masked(text))}" for title, text in about)]


def _what(rival: Rival) -> str:
    pid = f"pid {rival.pid}" if rival.pid else "pid not visible here"
    return f"container {rival.container} ({pid})" if rival.container else pid


def _keeper(owner: Owner) -> str:
    return "nobody, as far as can be seen" if owner.kind == "unknown" else str(owner)


def _verdict(left: Sequence[Rival]) -> str:
    if not left:
        return "verified: none left on this host"
    return f"STILL THERE: {', '.join(harmless(_what(rival)) for rival in left)}"


def as_json(seen: Sighting, names: Mapping[int, str], stopped: Sequence[str]) -> dict[str, object]:
    """The contract of `rivals --json`; keys may be added, never renamed or removed."""
    rivals = [_rival_as_json(rival, names[rival.bot_id]) for rival in seen.rivals]
    return {"rivals": rivals, "unread": list(seen.unread), "also": list(seen.also), "stopped": list(stopped)}


def _rival_as_json(rival: Rival, name: str) -> dict[str, object]:
    return {
        "bot": name,
        "bot_id": rival.bot_id,
        "pid": rival.pid or None,
        "container": rival.container or None,
        "user": rival.user,
        "command": rival.command,
        "since": rival.since or None,
        "place": str(rival.place),
        "connected": rival.connected,
        "sure": rival.sure,
        "owner": {"kind": str(rival.owner.kind), "name": rival.owner.name, "stop": list(rival.owner.stop)},
    }


def _questions(bots: Sequence[BotSpec], simulator: str) -> Questions:
    runs = {int(bot.token_id): bot.run for bot in bots}
    urls = {bot_id: simulator if run.api_url == SIMULATOR else run.api_url for bot_id, run in runs.items()}
    return Questions(
        names={int(bot.token_id): bot.name for bot in bots},
        tokens={bot_id: run.token.reveal() for bot_id, run in runs.items()},
        api_urls={bot_id: url for bot_id, url in urls.items() if url},
    )


def _supervisor(state_dir: Path) -> tuple[int, str]:
    """The running supervisor's pid and its Bot API address; 0 and "" without one."""
    from supervisor.cli.client import Client

    try:
        about = Client(state_dir).status().supervisor
    except NotRunning:
        return 0, ""
    return about.pid, about.api_url


def fleet_id(state_dir: Path) -> str:
    """What marks the runs of this state directory's supervisor; "" where none has ever run, or it is not ours."""
    try:
        database = sqlite3.connect(f"file:{state_dir / 'journal.sqlite'}?mode=ro", uri=True, timeout=1.0)
        try:
            row = database.execute("SELECT value FROM meta WHERE key = 'fleet'").fetchone()
        finally:
            database.close()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row else ""
