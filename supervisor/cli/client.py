"""Asks the supervisor over its Unix socket; what it refuses, or that it is not there, becomes an error with a remedy.

How an answer is read off the socket is `cli/http.py`'s.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.cli.exits import Failed
from supervisor.cli.http import BadAnswer, call
from supervisor.errors import NotRunning
from supervisor.paths import control_socket

if TYPE_CHECKING:
    from supervisor.model.plans import Reload
    from supervisor.model.status import FleetStatus

TIMEOUT = 15.0
"""Seconds for one answer; a reload reads files and may take a few."""


class Silent(NotRunning):
    """Nobody listens on the control socket."""

    def __init__(self, state_dir: Path) -> None:
        self.hint = (
            "`botctl up` starts one. If it runs elsewhere (another user, a service, a container), "
            "name its state directory with --state-dir or BOTCTL_STATE_DIR."
        )
        super().__init__(f"no supervisor runs on {state_dir}")


class Denied(Failed):
    """The supervisor refused a request with the HTTP `status`."""

    def __init__(self, status: int, error: str, hint: str) -> None:
        self.status = status
        super().__init__(error, hint)


class Client:
    """The control API of the supervisor on `state_dir`; each call is a connection of its own."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir

    def status(self) -> FleetStatus:
        from supervisor.cli.wire import fleet_from

        return fleet_from(self.get("/status"))

    def plan(self) -> Reload:
        from supervisor.cli.wire import plan_from

        return plan_from(self.get("/plan"))

    def reload(self) -> Reload:
        from supervisor.cli.wire import plan_from

        return plan_from(self.post("/reload"))

    def steer(self, verb: str, bot: str) -> None:
        """start, stop or restart `bot`; returns when the supervisor has taken it in."""
        from urllib.parse import quote

        self.post(f"/bots/{quote(bot, safe='')}/{verb}")

    def get(self, path: str, **query: object) -> object:
        given = {key: value for key, value in query.items() if value is not None}
        if given:
            from urllib.parse import urlencode

            path = f"{path}?{urlencode(given)}"
        return self._call("GET", path)

    def post(self, path: str) -> object:
        return self._call("POST", path)

    def _call(self, method: str, target: str) -> object:
        where = self.state_dir
        try:
            status, raw = call(control_socket(where), method, target, TIMEOUT)
            body = json.loads(raw)
        except PermissionError as error:
            raise Failed(
                f"the supervisor on {where} belongs to another user",
                "run botctl as that user (for example with sudo -u)",
            ) from error
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            raise Silent(where) from error
        except TimeoutError as error:
            raise Failed(
                f"the supervisor on {where} did not answer within {TIMEOUT:g} s",
                "its own output may say why; `kill -9` of it is safe, the next `botctl up` ends what is left",
            ) from error
        except (BadAnswer, ValueError) as error:
            raise Failed(
                f"the supervisor on {where} gave no usable answer",
                "it may be stopping; or is it of another version? `botctl version` tells both",
            ) from error
        except OSError as error:
            raise Failed(f"cannot use {control_socket(where)}: {error.strerror or error}") from error
        if status >= 400:
            told = body if isinstance(body, dict) else {}
            raise Denied(status, str(told.get("error", f"HTTP {status}")), str(told.get("hint", "")))
        return body
