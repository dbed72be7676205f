"""`botctl status`: once, as JSON, or again and again.

Kept free of typer and of anything heavy: `supervisor.__main__` calls it without them when it is typed plainly.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from supervisor.cli.client import Client
from supervisor.cli.terminal import has_colours, is_terminal, width
from supervisor.errors import NotRunning

EVERY = 1.0
"""Seconds between two looks of `status --watch`."""


def show_status(state_dir: Path, *, as_json: bool = False) -> None:
    """Print the fleet once. Raises NotRunning when there is no supervisor."""
    if as_json:
        print(json.dumps(Client(state_dir).get("/status"), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_table(Client(state_dir))))


def watch_status(state_dir: Path, *, as_json: bool = False) -> None:
    """Show the fleet anew every second until Ctrl-C: in place on a terminal, one JSON text a line with `as_json`.

    A supervisor that goes away is waited for: it may be on its way back.
    """
    client = Client(state_dir)
    client.get("/version")  # with no supervisor from the beginning there is nothing to wait for
    while True:
        if as_json:
            print(json.dumps(client.get("/status"), ensure_ascii=False), flush=True)
        else:
            _redraw(client)
        time.sleep(EVERY)


def _table(client: Client) -> list[str]:
    from supervisor.cli.table import Look, render

    return render(client.status(), Look(width(), has_colours()))


def _redraw(client: Client) -> None:
    try:
        lines = _table(client)
    except NotRunning as error:
        lines = [f"{error}; waiting for it (Ctrl-C ends this)"]
    lines.append(f"{time.strftime('%H:%M:%S')}, every {EVERY:g} s, Ctrl-C ends")
    if is_terminal():
        # Home, each line's rest cleared, then everything below: no flicker, unlike clearing the screen first.
        sys.stdout.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
    else:
        sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()
