"""`start`, `stop`, `restart`: wishes about single bots, waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.options import StateDir, complete_bots

Bots = Annotated[
    list[str] | None,
    typer.Argument(metavar="BOT", autocompletion=complete_bots, help="Names, or patterns such as 'shop-*'."),
]
All = Annotated[bool, typer.Option("--all", help="Every bot of the fleet.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return as soon as the supervisor knows.")]
Timeout = Annotated[str, typer.Option(metavar="TIME", help="How long to wait for the bots, such as 90s or 10m.")]


def start(
    state_dir: StateDir, bots: Bots = None, all_: All = False, no_wait: NoWait = False, timeout: Timeout = "10m"
) -> None:
    """Start bots, also held or failed ones, which then try anew."""
    _steer("start", state_dir, bots, all_, no_wait, timeout)


def stop(
    state_dir: StateDir, bots: Bots = None, all_: All = False, no_wait: NoWait = False, timeout: Timeout = "10m"
) -> None:
    """Stop bots, until `start`, over restarts of the supervisor too."""
    _steer("stop", state_dir, bots, all_, no_wait, timeout)


def restart(
    state_dir: StateDir, bots: Bots = None, all_: All = False, no_wait: NoWait = False, timeout: Timeout = "10m"
) -> None:
    """Restart bots, with bots.yaml, .env and env_file as of now."""
    _steer("restart", state_dir, bots, all_, no_wait, timeout)


def _steer(verb: str, state_dir: Path, bots: list[str] | None, every: bool, no_wait: bool, timeout: str) -> None:
    from supervisor.cli.exits import BadUsage
    from supervisor.cli.settle import Wish, steer
    from supervisor.cli.units import seconds_in

    if bool(bots) == every:
        raise BadUsage(
            "--all and names exclude each other" if every else "which bot?",
            f"botctl {verb} BOT..., or botctl {verb} --all; `botctl status` lists them",
        )
    seconds = seconds_in(timeout)
    if seconds is None:
        raise BadUsage(f'--timeout: "{timeout}" is not a time', "write 90s, 10m or 1h")
    raise typer.Exit(steer(state_dir, Wish(verb), bots or ["*"], wait=not no_wait, timeout=seconds))
