"""`doctor`: everything about bots, host and the way to Telegram in one report."""

from __future__ import annotations

from typing import Annotated

import typer

from supervisor.cli.options import BOTS_YAML, AsJson, ConfigFile, StateDir, complete_bots


def doctor(
    state_dir: StateDir,
    bots: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BOT", autocompletion=complete_bots, help="Names, or patterns such as 'shop-*'; else every bot."
        ),
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also ask whether somebody else polls (10 s); pauses a bot that runs.")
    ] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="The probe for 2 x 50 s: also finds rivals that rest after an error.")
    ] = False,
    file: ConfigFile = BOTS_YAML,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a pause.")] = False,
    as_json: AsJson = False,
) -> None:
    """Examine bots, this machine and the way to Telegram.

    Works with and without a running supervisor, and changes nothing: no update, webhook or setting. Each line says
    ok, warning, problem or "could not tell", with the evidence and the remedy. Ends with 1 when there is a problem.
    """
    from supervisor.cli.checkup import Wanted, check_up
    from supervisor.cli.exits import BadUsage

    if thorough and not probe:
        raise BadUsage("--thorough is a form of the probe", "botctl doctor BOT --probe --thorough")
    if yes and not probe:
        raise BadUsage("--yes belongs to --probe", "botctl doctor BOT --probe --yes")
    wanted = Wanted(probe=probe, thorough=thorough, sure=yes, as_json=as_json)
    raise typer.Exit(check_up(state_dir, file, bots or [], wanted))
