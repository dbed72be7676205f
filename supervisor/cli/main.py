"""The verbs of `botctl`, put together; what each does lives in `verbs/`, one file a group.

The verbs import what they need when they are called, so that none pays for another.
"""

from __future__ import annotations

import typer

from supervisor.cli.options import AsJson, StateDir
from supervisor.cli.verbs import conflicts, doctor, fleet, logs, rivals, status, steer, trials

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 bad usage or a bad bots.yaml, 3 another supervisor runs, "
    "4 no supervisor runs, 130 interrupted. BOT may be a pattern such as 'shop-*'."
)

app = typer.Typer(
    name="botctl",
    help="Run a fleet of Telegram bots from one bots.yaml: one runner per token, every 409 healed.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def version(state_dir: StateDir, as_json: AsJson = False) -> None:
    """Show the versions of botctl and of the running supervisor."""
    import json
    from typing import Any

    from supervisor import __version__
    from supervisor.cli.client import Client
    from supervisor.errors import NotRunning

    running: Any = None
    try:
        running = Client(state_dir).get("/version")
    except NotRunning:
        pass
    daemon = running.get("version") if isinstance(running, dict) else None
    if as_json:
        print(json.dumps({"botctl": __version__, "supervisor": daemon}))
        return
    print(f"botctl {__version__}")
    print(f"supervisor {daemon}" if daemon else "no supervisor runs")


for verb, name in (
    (fleet.up, "up"),
    (fleet.check, "check"),
    (fleet.plan, "plan"),
    (fleet.reload, "reload"),
    (status.status, "status"),
    (status.ls, "ls"),
    (logs.logs, "logs"),
    (steer.start, "start"),
    (steer.stop, "stop"),
    (steer.restart, "restart"),
    (conflicts.incidents, "incidents"),
    (conflicts.unlock, "unlock"),
    (rivals.rivals, "rivals"),
    (doctor.doctor, "doctor"),
    (logs.read_log, "read-log"),
    (trials.simulate, "simulate"),
    (version, "version"),
):
    app.command(name, epilog=EPILOG)(verb)
