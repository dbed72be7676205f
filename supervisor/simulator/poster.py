"""Carries webhook deliveries over HTTP, to this machine only.

Hosts outside the loopback are never looked up and never contacted: they get a made-up public address and refuse
every connection. Names under `.invalid` do not resolve.
"""

import asyncio
import contextlib
import errno
import ipaddress
import ssl
from collections.abc import Callable

import aiohttp
from yarl import URL

from supervisor.simulator.envelope import MAX_ARGUMENTS, parse_body
from supervisor.simulator.rules import texts
from supervisor.simulator.rules.calls import Outcome, Post

OUTSIDE = "93.184.216.34"
ANSWER_TIMEOUT = 60.0
_HIDDEN = ("User-Agent", "Accept")


def resolve(host: str) -> tuple[str | None, str]:
    """The IP address of a webhook's host, or None and the reason."""
    bare = host.strip("[]").lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(bare)), ""
    except ValueError:
        pass
    if bare == "invalid" or bare.endswith(".invalid"):
        return None, texts.UNKNOWN_HOST
    return ("127.0.0.1" if bare == "localhost" or bare.endswith(".localhost") else OUTSIDE), ""


class Poster:
    """Posts under way."""

    def __init__(self, scale: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT * scale)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: dict[tuple[object, int], asyncio.Task[None]] = {}

    def send(self, owner: object, post: Post, report: Callable[[Outcome], None]) -> None:
        """Deliver; `report` is called with the result unless the post is abandoned."""
        task = asyncio.get_running_loop().create_task(self._run(post, report), name=f"post {post.attempt}")
        key = (owner, post.attempt)
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def abandon(self, owner: object, attempt: int) -> None:
        """Let a post go; nothing is reported."""
        if task := self._tasks.get((owner, attempt)):
            task.cancel()

    async def close(self) -> None:
        """Abandon everything."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
            self._session = None

    async def _run(self, post: Post, report: Callable[[Outcome], None]) -> None:
        report(await self._outcome(post))

    async def _outcome(self, post: Post) -> Outcome:
        if not ipaddress.ip_address(post.address).is_loopback:
            return Outcome(error="Connection refused")
        try:
            return await self._exchange(post)
        except TimeoutError:
            return Outcome(error="Read timeout expired")
        except (aiohttp.ClientError, OSError) as problem:
            return Outcome(error=_describe(problem))

    async def _exchange(self, post: Post) -> Outcome:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, skip_auto_headers=_HIDDEN)
        url = URL(post.url, encoded=True)
        secure = url.scheme == "https"
        async with self._session.post(
            url.with_host(post.address),
            data=post.body.encode(),
            headers=post.headers,
            allow_redirects=False,
            timeout=self._timeout,
            ssl=_context(post.certificate) if secure else True,
            server_hostname=url.host if secure else None,
        ) as response:
            body = await _read_body(response)
            kept = response.headers.get("Connection", "").lower() != "close"
            return Outcome(
                response.status,
                response.reason or "",
                _retry_after(response),
                kept,
                dict(reversed(parse_body(response.content_type, body))),
            )


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ARGUMENTS:
            response.close()
            break
    return bytes(body)


def _retry_after(response: aiohttp.ClientResponse) -> int:
    with contextlib.suppress(ValueError):
        return int(response.headers.get("Retry-After", "0"))
    return 0


def _context(certificate: bytes | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if certificate is not None:
        # A bad certificate is found out at delivery, as on the real server.
        context.load_verify_locations(cadata=certificate.decode("ascii", "replace"))
    return context


def _describe(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLError | aiohttp.ClientSSLError):
        return f"SSL error {{{problem}}}"
    if isinstance(problem, OSError) and problem.errno == errno.ECONNREFUSED:
        return "Connection refused"
    if isinstance(problem, OSError) and problem.errno == errno.ETIMEDOUT:
        return "Connection timed out"
    return "Webhook connection closed"
