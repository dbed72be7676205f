"""Where the state directory is, and the one name in it that two programs must agree on.

Light on purpose: `botctl status` imports it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STATE_DIR_VARIABLE = "BOTCTL_STATE_DIR"


def default_state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """$BOTCTL_STATE_DIR; else /var/lib/botctl for root; else the user's own place for state.

    That is $XDG_STATE_HOME/botctl or ~/.local/state/botctl on Linux, ~/Library/Application Support/botctl on macOS.
    """
    given = (os.environ if environ is None else environ).get(STATE_DIR_VARIABLE)
    if given:
        return Path(given).expanduser()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/botctl")
    from platformdirs import user_state_path

    return user_state_path("botctl", appauthor=False)


def control_socket(state_dir: Path) -> Path:
    """The Unix socket of the control API of the supervisor that works on `state_dir`."""
    return state_dir / "control.sock"


def log_folder(state_dir: Path) -> Path:
    """The bots' log files; `botctl logs` reads them there, with or without a supervisor."""
    return state_dir / "logs"
