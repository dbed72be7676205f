"""`rivals`: who else on this host has a bot's token."""

from __future__ import annotations

from typing import Annotated

import typer

from supervisor.cli.options import BOTS_YAML, AsJson, ConfigFile, StateDir, complete_bots


def rivals(
    state_dir: StateDir,
    bot: Annotated[
        str | None,
        typer.Argument(
            metavar="BOT", autocompletion=complete_bots, help="A name, or a pattern such as 'shop-*'; else every bot."
        ),
    ] = None,
    file: ConfigFile = BOTS_YAML,
    stop: Annotated[
        bool, typer.Option("--stop", help="End them through whoever keeps them alive; asks for each one.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; mere hints are left alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who else on this host has a bot's token, and how to end it.

    Processes and containers that are no runs of this supervisor, with who starts them again. Works with and
    without a running supervisor. Ends with 1 while there is a rival.
    """
    from supervisor.cli.exits import BadUsage
    from supervisor.cli.rivals import Wanted, show_rivals

    if yes and not stop:
        raise BadUsage("--yes belongs to --stop", "botctl rivals --stop --yes")
    raise typer.Exit(show_rivals(state_dir, file, bot, Wanted(stop=stop, sure=yes, as_json=as_json)))
