"""`logs` and `read-log`: what bots wrote, and what it means to us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.options import AsJson, StateDir, complete_bots

Bots = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="BOT", autocompletion=complete_bots, help="Names, or patterns such as 'shop-*'; else every bot."
    ),
]


def logs(
    state_dir: StateDir,
    bots: Bots = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines, until Ctrl-C.")] = False,
    n: Annotated[int, typer.Option("--lines", "-n", min=0, metavar="N", help="How many of the last lines.")] = 100,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Nothing older: 10m (ago), or 2026-11-20T13:00 (local without a zone)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what bots wrote, also while no supervisor runs.

    --follow goes on over a restart of the supervisor.
    """
    import time

    from supervisor.cli.exits import BadUsage
    from supervisor.cli.lines import show_lines
    from supervisor.cli.units import moment

    oldest = moment(since, time.time()) if since is not None else None
    if since is not None and oldest is None:
        raise BadUsage(f'--since: "{since}" is neither a duration nor a time', "write 10m, 2h, or 2026-11-20T13:00")
    show_lines(state_dir, bots or [], n, oldest, follow=follow, as_json=as_json)


def read_log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Anybody's log; - is standard input.")] = Path("-"),
    as_json: AsJson = False,
) -> None:
    """Show the signs (409s, floods, 401s) that we see in any log."""
    from supervisor.cli.signs import show_signs

    show_signs(file, as_json=as_json)
