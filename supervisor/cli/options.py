"""The options that several verbs share, each declared and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.paths import STATE_DIR_VARIABLE, default_state_dir

# `readable=False`: reading will show whether it can be read. access(2), which would be asked first, answers for the
# real user and not for the capabilities that we may have in a container, and its message knows no remedy.
StateDir = Annotated[
    Path,
    typer.Option(
        "--state-dir",
        metavar="DIR",
        readable=False,
        envvar=STATE_DIR_VARIABLE,
        default_factory=default_state_dir,
        show_default="/var/lib/botctl for root, else the user's state directory",
        help="Where the supervisor keeps its socket, logs and journal.",
    ),
]
ConfigFile = Annotated[
    Path,
    typer.Option(
        "--file", "-f", metavar="FILE", readable=False, help="The file that describes the fleet.", show_default=True
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BOTS_YAML = Path("bots.yaml")


def complete_bots(incomplete: str) -> list[str]:
    """Names for the shell's Tab; with no supervisor there are none to offer."""
    from supervisor.cli.client import Client
    from supervisor.errors import SupervisorError

    try:
        names = [bot.name for bot in Client(default_state_dir()).status().bots]
    except SupervisorError:
        return []
    return [name for name in names if name.startswith(incomplete)]
