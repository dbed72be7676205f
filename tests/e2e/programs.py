"""The programs in bots/ as commands of bots.yaml: cheap ones, in all the wrappings that people put around bots."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

BOTS = Path(__file__).parent / "bots"


def program(name: str) -> list[str]:
    """A script of bots/ that needs only the standard library."""
    return [sys.executable, "-I", "-S", str(BOTS / f"{name}.py")]


POLLER = program("poller")
BEHIND_A_SHELL = ["sh", "-c", f"{shlex.join(POLLER)}; exit 1"]
"""As `npm start` and start.sh do: the bot is the shell's child and no signal to the shell reaches it."""
GRANDCHILD = ["sh", "-c", f"setsid {shlex.join(POLLER)} & wait"]
"""As nodemon and daemonising scripts do: the bot leads a session of its own, out of reach of its group."""
DEAF = ["sh", "-c", f'trap "" TERM; exec {shlex.join(POLLER)}']
"""Polls on until it is killed, so that whoever does not wait for its end is seen beside it."""
