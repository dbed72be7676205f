"""`up`, `check`, `plan`, `reload`: the file and the fleet as a whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from supervisor.cli.options import BOTS_YAML, AsJson, ConfigFile, StateDir


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"


def up(
    state_dir: StateDir,
    file: ConfigFile = BOTS_YAML,
    log_format: Annotated[
        LogFormat, typer.Option(help="auto: lines for people, coloured on a terminal. json: one object a line.")
    ] = LogFormat.AUTO,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours (NO_COLOR=1 does the same).")] = False,
    demo_conflict: Annotated[
        bool,
        typer.Option("--demo-conflict", help="Let a rival poll against one bot, to see it healed (simulator only)."),
    ] = False,
) -> None:
    """Run the fleet in the foreground, until Ctrl-C or SIGTERM."""
    import os

    if no_color:
        os.environ["NO_COLOR"] = "1"
    from supervisor.daemon import run

    raise typer.Exit(run(file, state_dir, log_format=log_format.value, demo_conflict=demo_conflict))


def check(file: ConfigFile = BOTS_YAML) -> None:
    """Say whether bots.yaml can be used, with every problem in it."""
    import os
    import sys

    from supervisor.config.load import load

    fleet = load(file, os.environ)
    for warning in fleet.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    off = sum(not bot.enabled for bot in fleet)
    count = f"{len(fleet.bots)} bot{'s' if len(fleet.bots) != 1 else ''}"
    print(f"{file}: {count}{f' ({off} not enabled)' if off else ''}, no problems")


def plan(state_dir: StateDir, file: ConfigFile = BOTS_YAML, as_json: AsJson = False) -> None:
    """Show what `reload` would do. The supervisor's own file counts; -f only when none runs."""
    from supervisor.cli.client import Client
    from supervisor.cli.edits import plan_without_supervisor, show
    from supervisor.errors import NotRunning

    try:
        answer, done = Client(state_dir).plan(), "would change"
    except NotRunning:
        answer, done = plan_without_supervisor(file), "would change on `botctl up`, no supervisor runs now"
    raise typer.Exit(show(answer, done, as_json=as_json))


def reload(state_dir: StateDir, as_json: AsJson = False) -> None:
    """Apply bots.yaml now; only what changed is touched.

    Saving the file does the same.
    """
    from supervisor.cli.client import Client
    from supervisor.cli.edits import show

    raise typer.Exit(show(Client(state_dir).reload(), "changed", as_json=as_json))
