"""The way to a server that is there, closed, silent, without a name, or without a certificate one can trust."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from supervisor.doctor.way import check_way
from supervisor.model.findings import Level
from supervisor.reachability import walk
from supervisor.simulator.server import Simulator
from supervisor.telegram import clock_skew
from tests.doctor.stage import levels

SOON = 0.2
Serve = Callable[[int], Awaitable[str]]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    simulator = Simulator()
    yield await simulator.start()
    await simulator.stop()


@pytest.fixture
def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_answers(url: str) -> None:
    found, reached = await check_way(url, None)
    assert (levels(found), reached) == ({"way": Level.OK, "clock": Level.OK}, True)


async def test_a_closed_port(closed: str) -> None:
    found, reached = await check_way(f"http://{closed}", None)
    assert (levels(found), reached) == ({"way": Level.PROBLEM}, False)
    assert "could not be connected to" in found[0].evidence
    assert "curl -v" in found[0].remedy


async def test_a_name_that_nobody_knows() -> None:
    found, reached = await check_way("https://api.telegram.invalid", None)
    assert (levels(found), reached) == ({"way": Level.PROBLEM}, False)
    assert found[0].evidence.startswith("the name api.telegram.invalid was not resolved")
    assert found[0].remedy.startswith("getent hosts api.telegram.invalid")


async def test_one_that_takes_the_connection_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        steps = await walk(f"https://127.0.0.1:{listener.getsockname()[1]}", timeout=SOON)
    assert [(step.name, step.ok) for step in steps] == [("dns", True), ("tcp", True), ("tls", False)]
    assert steps[-1].detail == "no TLS with 127.0.0.1 within 0.2 s"


async def test_a_resolver_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    asked, done, ended = threading.Event(), threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        done.wait(20)
        ended.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    steps = await walk("https://api.telegram.invalid", timeout=SOON)
    assert asked.is_set()
    assert not ended.is_set()
    done.set()
    assert [(step.name, step.ok) for step in steps] == [("dns", False)]
    assert "within 0.2 s" in steps[0].detail


async def test_a_proxy_is_walked_to_and_asked_through(url: str, closed: str) -> None:
    found, reached = await check_way(url, f"http://user:password@{closed}")
    assert (levels(found), reached) == ({"way": Level.PROBLEM}, False)
    assert "the proxy 127.0.0.1" in found[0].evidence
    assert "password" not in found[0].evidence + found[0].remedy


def make_certificate(folder: Path, days: int) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), *subject]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", *words, *files], check=True, capture_output=True)


class TestTls:
    @pytest.fixture
    async def serve(self, tmp_path: Path) -> AsyncIterator[Serve]:
        servers: list[asyncio.Server] = []

        async def begin(days: int) -> str:
            make_certificate(tmp_path, days)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
            servers.append(server)
            return f"https://localhost:{server.sockets[0].getsockname()[1]}"

        yield begin
        for server in servers:
            server.close()

    async def test_a_certificate_that_nobody_vouches_for(self, serve: Serve) -> None:
        url = await serve(30)
        steps = await walk(url)
        assert not steps[-1].ok
        assert "its certificate is not trusted here (self-signed certificate)" in steps[-1].detail

    async def test_one_that_ends_soon(self, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        url = await serve(3)
        steps = await walk(url)
        assert steps[-1].ok
        assert steps[-1].worry == "its certificate ends in 3 day(s)"
        url = await serve(300)
        assert (await walk(url))[-1].worry == ""


async def test_the_server_s_clock_is_read_to_the_second() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nDate: Tue, 20 Nov 2018 13:00:00 GMT\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        skew = await clock_skew(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert skew > 365 * 86_400
