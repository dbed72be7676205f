"""`botctl` and `python -m supervisor`: where a command line enters and an exit code leaves.

The plain `botctl status` is typed all day and polled by scripts, so it goes its own short way, without typer;
every other form of it, and every other verb, takes the long one (`supervisor.cli.main`).
"""

from __future__ import annotations

import sys

SHORT_WAY = {("status",): False, ("ls",): False, ("status", "--json"): True, ("ls", "--json"): True}


def main() -> None:
    """The console script: exits the process with the code of the command."""
    from supervisor.cli.exits import guarded
    from supervisor.cli.terminal import encodable

    encodable()
    typed = tuple(sys.argv[1:])
    short = SHORT_WAY.get(typed)
    sys.exit(guarded(_everything if short is None else lambda: _status(as_json=short)))


def _status(*, as_json: bool) -> None:
    from supervisor.cli.overview import show_status
    from supervisor.paths import default_state_dir

    show_status(default_state_dir(), as_json=as_json)


def _everything() -> int:
    from supervisor.cli.exits import BadUsage, masked

    if any(masked(word) != word for word in sys.argv[1:]):
        raise BadUsage(
            "a token on the command line: `ps` shows it to everybody here, and the shell remembers it",
            "use --token-file FILE, or --token-file - and paste it; @BotFather's /revoke gives a fresh one",
        )
    from supervisor.cli.main import app

    try:
        app(prog_name="botctl")
    except SystemExit as done:  # typer ends every command this way
        return done.code if isinstance(done.code, int) else 1
    return 0


if __name__ == "__main__":
    main()
