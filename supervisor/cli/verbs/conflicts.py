"""`incidents` and `unlock`: 409s that were, and a token that is not free."""

from __future__ import annotations

from typing import Annotated

import typer

from supervisor.cli.options import BOTS_YAML, AsJson, ConfigFile, StateDir, complete_bots


def incidents(
    state_dir: StateDir,
    bot: Annotated[str | None, typer.Argument(metavar="BOT", autocompletion=complete_bots)] = None,
    n: Annotated[int, typer.Option("--number", "-n", min=1, metavar="N", help="How many of the newest.")] = 10,
    last: Annotated[bool, typer.Option("--last", help="Tell the last one as a story, with its timeline.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show conflicts, each step of their healing, and the end."""
    if last:
        from supervisor.cli.story import show_story

        show_story(state_dir, bot, as_json=as_json)
        return
    from supervisor.cli.history import show_incidents

    show_incidents(state_dir, bot, n, as_json=as_json)


def unlock(
    state_dir: StateDir,
    bot: Annotated[
        str | None, typer.Argument(metavar="BOT", autocompletion=complete_bots, help="A bot of bots.yaml.")
    ] = None,
    file: ConfigFile = BOTS_YAML,
    token_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A file with the token, for a bot that is in no bots.yaml; - is stdin."),
    ] = None,
    api_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Another Bot API server than the bot's own or Telegram's.")
    ] = None,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="http, https or socks5 proxy to Telegram.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also hold a getUpdates open (50 s) to see whether somebody still polls.")
    ] = False,
    drop_pending: Annotated[
        bool, typer.Option("--drop-pending", help="Throw away the updates that wait; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Make a token free for polling: delete its webhook, and verify.

    With --probe also: does somebody else poll?

    Without BOT and --token-file the token is asked for; it is never taken from the command line,
    where `ps` shows it to everybody. Ends with 1 when the token is not free afterwards.
    """
    from supervisor.cli.token_of import Given, target

    aim = target(Given(bot, file, token_file, api_url, proxy), state_dir)

    from supervisor.cli.unlock import Wanted
    from supervisor.cli.unlock import unlock as free

    raise typer.Exit(free(aim, Wanted(probe=probe, drop=drop_pending, sure=yes)))
