"""Ports for web bots, each given to one bot only for as long as it keeps it.

A free port is chosen below the range from which the kernel takes ports for outgoing connections, starting at a
place that depends on the bot's name: so a bot mostly gets the same port again after a restart.
"""

from __future__ import annotations

import socket
import zlib

from supervisor.errors import StartRefused

FIRST = 20000
LAST = 29999


class Ports:
    """Reservations of one supervisor. `reserve` looks at the machine, so another program's port is passed over."""

    def __init__(self) -> None:
        self._by_bot: dict[str, int] = {}

    def reserve(self, bot: str, wanted: int | None = None) -> int:
        """The port for this bot: `wanted`, or the one it has, or a free one.

        Raises StartRefused when the wanted one is another bot's or in use, or when none is free.
        """
        if wanted is not None:
            self._check(bot, wanted)
            self._by_bot[bot] = wanted
            return wanted
        held = self._by_bot.get(bot)
        if held is not None and is_free(held):
            return held
        self.release(bot)
        span = LAST - FIRST + 1
        start = zlib.crc32(bot.encode()) % span
        taken = set(self._by_bot.values())
        for step in range(span):
            port = FIRST + (start + step) % span
            if port not in taken and is_free(port):
                self._by_bot[bot] = port
                return port
        raise StartRefused(f"no port between {FIRST} and {LAST} is free", permanent=False)

    def release(self, bot: str) -> None:
        """The bot has ended for good; idempotent."""
        self._by_bot.pop(bot, None)

    def _check(self, bot: str, wanted: int) -> None:
        for other, port in self._by_bot.items():
            if port == wanted and other != bot:
                raise StartRefused(f"port {wanted} is given to bot {other}; choose another `port`", permanent=False)
        obstacle = _try(wanted)
        if isinstance(obstacle, PermissionError):
            raise StartRefused(f"port {wanted} needs root; choose a `port` from 1024 on", permanent=True)
        if obstacle is not None:
            raise StartRefused(
                f"port {wanted} is in use by another program; end it or choose another `port`", permanent=False
            )


def is_free(port: int) -> bool:
    """Whether a server could listen there, on any address of this machine."""
    return _try(port) is None


def _try(port: int) -> OSError | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of the last run that linger in TIME_WAIT are no obstacle, listeners are.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error
    return None
