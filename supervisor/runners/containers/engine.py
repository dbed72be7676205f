"""The engine: orders in a few threads, streams on the event loop, errors as plain sentences.

The Docker SDK blocks, so its calls go to a bounded pool, each thread with a client of its own. What never ends (logs,
events) would cost a thread each there; it is read over aiohttp instead, one connection and no thread a container.
Where the engine is: DOCKER_HOST (DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), the current context, the usual sockets.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from supervisor.errors import SupervisorError

if TYPE_CHECKING:
    import aiohttp
    from docker import APIClient
    from docker.tls import TLSConfig

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for one answer of the engine."""

_THREADS = 8
_LONG_THREADS = 2


class EngineError(SupervisorError):
    """The engine did not do it; the text says why."""


class Missing(EngineError):
    """There is no such container, image or network (404)."""


class Clash(EngineError):
    """It is against the state of the container, or the name is taken (409)."""


class Unreachable(EngineError):
    """No answer: whether it was done is not known."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine listens: `unix://...` or `tcp://...`."""

    url: str
    tls: TLSConfig | None = None


class Engine:
    """One engine, asked lazily: nothing is opened before the first call."""

    def __init__(self, environ: Mapping[str, str], *, patience: float = PATIENCE) -> None:
        self._environ = environ
        self._patience = patience
        self._pool = ThreadPoolExecutor(_THREADS, "docker")
        self._long = ThreadPoolExecutor(_LONG_THREADS, "docker-images")
        self._mine = threading.local()
        self._clients: list[APIClient] = []
        self._session: aiohttp.ClientSession | None = None
        self._base = ""
        self._version = ""

    async def call(self, work: Callable[[APIClient], T], *, patience: float | None = None) -> T:
        """What `work` returns, done in a thread. Raises Missing, Clash, Unreachable or another EngineError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._do, work, patience or self._patience)

    async def call_long(self, work: Callable[[APIClient], T]) -> T:
        """The same for a pull or a build, which may take minutes and must not hold up the others."""
        return await asyncio.get_running_loop().run_in_executor(self._long, self._do, work, self._patience)

    @asynccontextmanager
    async def stream(self, path: str, **query: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """GET of what goes on and on. Raises as `call` does, also from within."""
        import aiohttp

        session = await self._opened()
        limit = aiohttp.ClientTimeout(total=None, sock_connect=10.0)
        try:
            async with session.get(f"{self._base}{path}", params=query, timeout=limit) as response:
                if response.status >= 400:
                    raise _by_status(response.status, (await response.text())[:500])
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(_why(error, "")) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        for pool in (self._pool, self._long):
            pool.shutdown(wait=False, cancel_futures=True)
        for client in self._clients:
            client.close()

    def is_there(self) -> bool:
        """Is there any sign of an engine on this machine, or was one named? Asks files only."""
        return find_address(self._environ) is not None

    def _do(self, work: Callable[[APIClient], T], patience: float) -> T:
        try:
            _knock(self._address().url)
            api = self._client()
        except EngineError:
            raise
        except Exception as error:  # the SDK lets errors of three libraries through
            raise Unreachable(_why(error, self._where())) from None
        import requests
        from docker import errors

        api.timeout = int(patience)
        try:
            return work(api)
        except errors.APIError as error:
            status = error.response.status_code if error.response is not None else 500
            raise _by_status(status, str(error.explanation or error)) from None
        except (requests.exceptions.RequestException, errors.DockerException, OSError) as error:
            raise Unreachable(_why(error, self._where())) from None

    def _client(self) -> APIClient:
        """This thread's client."""
        found: APIClient | None = getattr(self._mine, "client", None)
        if found is None:
            import docker

            address = self._address()
            found = docker.APIClient(address.url, version=self._version or "auto", tls=address.tls or False)
            # The SDK keeps a connection for each path asked (25 a client), stale after a restart of the engine.
            found.headers["Connection"] = "close"
            self._version = str(found.api_version)
            self._mine.client = found
            self._clients.append(found)
        return found

    def _address(self) -> Address:
        address = find_address(self._environ)
        if address is None:
            raise Unreachable("there is no Docker engine: install one and start it, or set DOCKER_HOST")
        if not address.url.startswith(("unix://", "tcp://", "http://", "https://")):
            scheme = address.url.partition("://")[0]
            raise Unreachable(f"an engine over {scheme}:// cannot be used: name it as unix:// or tcp://")
        return address

    def _where(self) -> str:
        address = find_address(self._environ)
        return address.url if address else ""

    async def _opened(self) -> aiohttp.ClientSession:
        if not self._version:
            await self.call(lambda api: api.api_version)
        if self._session is None:
            import aiohttp

            address = self._address()
            scheme, _, rest = address.url.partition("://")
            if scheme == "unix":
                connector: aiohttp.BaseConnector = aiohttp.UnixConnector(rest, limit=0)
                self._base = f"http://docker/v{self._version}"
            else:
                context = _ssl_context(address.tls)
                connector = aiohttp.TCPConnector(limit=0, ssl=context or False)
                self._base = f"{'https' if context else 'http'}://{rest}/v{self._version}"
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return self._session


def find_address(environ: Mapping[str, str]) -> Address | None:
    """None where nothing speaks of an engine."""
    if environ.get("DOCKER_HOST"):
        from docker.utils import kwargs_from_env

        named = kwargs_from_env(dict(environ))
        return Address(named["base_url"], named.get("tls"))
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    home = environ.get("HOME", "/nowhere")
    if Path(environ.get("DOCKER_CONFIG") or f"{home}/.docker").joinpath("contexts").is_dir():
        from docker.context import ContextAPI

        context = ContextAPI.get_context(environ.get("DOCKER_CONTEXT") or None)
        if context is not None and context.name != "default" and context.Host:
            return Address(str(context.Host), context.TLSConfig)
    usual = ("/var/run/docker.sock", f"{runtime}/docker.sock", f"{home}/.docker/run/docker.sock")
    return next((Address(f"unix://{path}") for path in usual if os.path.lexists(path)), None)


def _knock(url: str) -> None:
    """Raises OSError where nobody listens: before the SDK, which leaks the socket that it fails to open."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(10.0)
            knocking.connect(url.removeprefix("unix://"))


def _ssl_context(tls: TLSConfig | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=tls.ca_cert if isinstance(tls.ca_cert, str) else None)
    if not tls.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(*tls.cert)
    return context


def _by_status(status: int, said: str) -> EngineError:
    kind = {404: Missing, 409: Clash}.get(status, EngineError)
    return kind(in_words(said))


def in_words(said: str) -> str:
    """The engine's sentence, with a remedy where one is known."""
    said = said.strip().removeprefix('{"message":"').removesuffix('"}').strip().splitlines()[0][:300] if said else ""
    low = said.lower()
    if "no space left" in low:
        return f"the engine's disk is full ({said}): docker system df shows what to remove"
    return said or "the engine gave no reason"


def _why(error: Exception, where: str) -> str:
    said = str(error)
    place = f" at {where}" if where else ""
    if "Permission denied" in said or "PermissionError" in said:
        return f"the Docker engine{place} may not be used by this user: be root, or a member of the group docker"
    if "timed out" in said.lower() or isinstance(error, TimeoutError):
        return f"the Docker engine{place} did not answer in time"
    if "refused" in said or "No such file" in said or "Cannot connect" in said:
        return f"no Docker engine answers{place}: is it running?"
    first = said.splitlines()[0][:160] if said else type(error).__name__
    return f"the Docker engine{place} did not answer: {first}"
