"""`status` and its alias `ls`."""

from __future__ import annotations

from typing import Annotated

import typer

from supervisor.cli.options import AsJson, StateDir

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it again every second, until Ctrl-C.")]


def status(state_dir: StateDir, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show every bot: what it is doing and why."""
    from supervisor.cli.overview import show_status, watch_status

    (watch_status if watch else show_status)(state_dir, as_json=as_json)


def ls(state_dir: StateDir, watch: Watch = False, as_json: AsJson = False) -> None:
    """The same as `status`."""
    status(state_dir, watch, as_json)
