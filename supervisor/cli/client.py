"""Speaks HTTP to the supervisor over its Unix socket, with the standard library alone.

A supervisor that does not answer, refuses, or is another user's becomes an error that says what to do.
"""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlencode

from supervisor.cli.exits import Failed
from supervisor.cli.wire import fleet_from, plan_from
from supervisor.errors import NotRunning
from supervisor.model.plans import Reload
from supervisor.model.status import FleetStatus
from supervisor.paths import control_socket

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
        return fleet_from(self.get("/status"))

    def plan(self) -> Reload:
        return plan_from(self.get("/plan"))

    def reload(self) -> Reload:
        return plan_from(self.post("/reload"))

    def steer(self, verb: str, bot: str) -> None:
        """start, stop or restart `bot`; returns when the supervisor has taken it in."""
        self.post(f"/bots/{quote(bot, safe='')}/{verb}")

    def get(self, path: str, **query: object) -> object:
        given = {key: value for key, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str) -> object:
        return self._call("POST", path)

    def _call(self, method: str, target: str) -> object:
        connection = _UnixConnection(self.state_dir)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (HTTPException, ValueError) as error:
            raise Failed(
                f"the supervisor on {self.state_dir} gave no usable answer ({type(error).__name__})",
                "is it a botctl of the same version? `botctl version` tells both",
            ) from error
        except TimeoutError as error:
            raise Failed(
                f"the supervisor on {self.state_dir} did not answer within {TIMEOUT:g} s",
                "its own output may say why; `kill -9` of it is safe, the next `botctl up` ends what is left",
            ) from error
        except ConnectionError as error:
            raise Failed(f"the supervisor on {self.state_dir} broke off: it is stopping or has died") from error
        finally:
            connection.close()
        if answer.status >= 400:
            told = body if isinstance(body, dict) else {}
            raise Denied(answer.status, str(told.get("error", f"HTTP {answer.status}")), str(told.get("hint", "")))
        return body


class _UnixConnection(HTTPConnection):
    def __init__(self, state_dir: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._state_dir = state_dir

    def connect(self) -> None:
        path = control_socket(self._state_dir)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(path))
        except PermissionError as error:
            raise Failed(
                f"the supervisor on {self._state_dir} belongs to another user",
                "run botctl as that user (for example with sudo -u)",
            ) from error
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            raise Silent(self._state_dir) from error
        except OSError as error:
            raise Failed(f"cannot use the control socket {path}: {error.strerror or error}") from error
