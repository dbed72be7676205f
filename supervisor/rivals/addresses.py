"""Where an API host's connections lead to: its addresses, asked from the resolver with a deadline."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from urllib.parse import urlsplit

from supervisor.rivals.callers import Address, plain

_PATIENCE = 1.0
_KEPT = 300.0
_PORTS = {"http": 80, "https": 443}


class Addresses:
    """Remembers answers for some minutes, and refusals too: with the network gone, 300 bots wait once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, frozenset[Address]]] = {}

    async def of(self, api_url: str) -> frozenset[Address]:
        """Empty when the name cannot be resolved within a second."""
        parts = urlsplit(api_url)
        try:
            port = parts.port or _PORTS.get(parts.scheme, 443)
        except ValueError:
            return frozenset()
        host = parts.hostname or ""
        key = f"{host} {port}"
        known = self._known.get(key)
        if known is None or time.monotonic() - known[0] > _KEPT:
            known = time.monotonic(), await _resolve(host, port)
            self._known[key] = known
        return known[1]


async def _resolve(host: str, port: int) -> frozenset[Address]:
    try:
        return frozenset({(plain(ipaddress.ip_address(host)), port)})
    except ValueError:
        pass
    try:
        async with asyncio.timeout(_PATIENCE):
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError is an OSError
        return frozenset()
    return frozenset((plain(ipaddress.ip_address(str(answer[4][0]).partition("%")[0])), port) for answer in answers)
