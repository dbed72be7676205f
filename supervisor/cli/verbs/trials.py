"""`simulate`: Telegram's server, imitated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")] = 8081,
    tokens: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only these tokens are bots, one a line; else any well-formed one is."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Webhooks as api.telegram.org checks them: https, its ports, public.")
    ] = False,
    scale: Annotated[
        float,
        typer.Option(min=0.001, max=1000, help="Real seconds for each simulated one; 0.1 is ten times as fast."),
    ] = 1.0,
) -> None:
    """Imitate Telegram's Bot API server on this machine, for trials."""
    from supervisor.cli.imitation import run_simulator

    run_simulator(port, tokens, strict=strict, scale=scale)
