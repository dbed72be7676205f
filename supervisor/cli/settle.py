"""Sends a wish to the supervisor and looks on until each bot has settled, well or badly.

What counts as settled is decided in `verdict`, which is pure; around it is a loop that asks for the status.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supervisor.cli.client import Client
from supervisor.cli.exits import Exit, Failed
from supervisor.cli.table import COLOUR
from supervisor.cli.terminal import ProgressLine, harmless, has_colours, paint
from supervisor.model.status import BotStatus, Phase
from supervisor.names import pick

EVERY = 0.25
"""Seconds between two looks."""

BAD_ENDS = frozenset({Phase.FAILED, Phase.HELD, Phase.RESTING, Phase.UNHEALTHY})


class Wish(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it ended for one bot."""

    good: bool
    text: str


def verdict(wish: Wish, before: BotStatus | None, now: BotStatus | None) -> Verdict | None:
    """How the wish ended, or None while it is under way. `before` was seen ahead of the wish, None is "not there".

    Under way is also whatever heals: it ends in up, held or failed by itself. A restart has not begun while the old
    run is still there.
    """
    if now is None:
        return Verdict(wish is Wish.STOP, "no longer in bots.yaml")
    if wish is Wish.STOP:
        return Verdict(True, "off") if now.state is Phase.OFF else None
    if wish is Wish.RESTART and before is not None and before.pid is not None and now.pid == before.pid:
        return None
    if now.state is Phase.UP:
        return Verdict(True, "up" + (f" (pid {now.pid})" if now.pid else ""))
    if now.state in BAD_ENDS or now.state is Phase.OFF:
        return Verdict(False, f"{now.state}: {now.reason}" if now.reason else str(now.state))
    return None


def steer(state_dir: Path, wish: Wish, patterns: list[str], *, wait: bool, timeout: float) -> Exit:
    """Send `wish` for the bots that `patterns` name and wait until all have settled; FAILED when one ended badly."""
    client = Client(state_dir)
    before = {bot.name: bot for bot in client.status().bots}
    names = pick(patterns, list(before))
    for name in names:
        client.steer(wish, name)
    if not wait:
        print(f"{wish}: {', '.join(names)} (not waiting)")
        return Exit.DONE
    return _Watcher(client, wish, before, names).until(time.monotonic() + timeout)


class _Watcher:
    """The look-on for one wish; remembers what was told, so that nothing is told twice."""

    def __init__(self, client: Client, wish: Wish, before: dict[str, BotStatus], names: list[str]) -> None:
        self._client, self._wish, self._before = client, wish, before
        self._open = dict.fromkeys(names)
        self._wide = max(map(len, names))
        self._line = ProgressLine()
        self._bad = False

    def until(self, deadline: float) -> Exit:
        try:
            while True:
                now = {bot.name: bot for bot in self._client.status().bots}
                self._settle(now)
                if not self._open:
                    return Exit.FAILED if self._bad else Exit.DONE
                if time.monotonic() > deadline:
                    raise Failed(*self._late(now))
                self._line.show(" | ".join(_doing(now[name]) for name in self._open))
                time.sleep(EVERY)
        finally:
            self._line.clear()

    def _settle(self, now: dict[str, BotStatus]) -> None:
        for name in list(self._open):
            end = verdict(self._wish, self._before.get(name), now.get(name))
            if end is None:
                continue
            del self._open[name]
            self._bad = self._bad or not end.good
            self._line.clear()
            out = sys.stdout if end.good else sys.stderr
            style = COLOUR[now[name].state] if name in now else ""
            text = paint(harmless(end.text), style, colours=has_colours(out))
            print(f"{name:<{self._wide}}  {text}", file=out, flush=True)
            if not end.good:
                print(f"  botctl logs {name} -n 30", file=out, flush=True)

    def _late(self, now: dict[str, BotStatus]) -> tuple[str, str]:
        states = "; ".join(_doing(now[name]) for name in self._open)
        return f"not settled in time: {states}", "the supervisor goes on with it; `botctl status --watch` shows how"


def _doing(bot: BotStatus) -> str:
    return f"{bot.name}: {bot.state}" + (f", {harmless(bot.reason)}" if bot.reason else "")
