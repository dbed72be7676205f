"""Asks web bots whether they are well: the port accepts, and GET of the health path answers 2xx."""

from __future__ import annotations

import asyncio

from supervisor.keep.services import HealthAnswer


class HttpHealth:
    """One session for all bots, without kept connections: a bot that closes late must not look ill."""

    def __init__(self) -> None:
        self._session: object | None = None

    async def ask(self, port: int, path: str, timeout: float, host: str = "127.0.0.1") -> HealthAnswer:
        import aiohttp

        session = self._session
        if not isinstance(session, aiohttp.ClientSession):
            connector = aiohttp.TCPConnector(limit=0, force_close=True)
            session = self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with session.get(f"http://{host}:{port}{path}", timeout=limit, allow_redirects=False) as got:
                ok = 200 <= got.status < 300
                return HealthAnswer(ok, True, f"GET {path}: {got.status}")
        except aiohttp.ClientConnectorError:
            return HealthAnswer(False, False, f"port {port} does not accept")
        except TimeoutError:
            return HealthAnswer(False, True, f"GET {path}: no answer within {timeout:g} s")
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            return HealthAnswer(False, True, f"GET {path}: {type(error).__name__}")

    async def close(self) -> None:
        import aiohttp

        if isinstance(self._session, aiohttp.ClientSession):
            await self._session.close()
