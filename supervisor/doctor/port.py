"""The port of a web bot: open and answering while it is up, free to be opened while it is not."""

from __future__ import annotations

import asyncio
import contextlib

from supervisor.doctor.patient import Patient
from supervisor.model.findings import Finding, Level
from supervisor.model.status import Phase

PATIENCE = 5.0
"""Seconds for the connection and the answer together."""


async def check_port(patient: Patient) -> Finding | None:
    """None for a worker, which has no port."""
    if not patient.is_web:
        return None
    up = patient.status is not None and patient.status.state in (Phase.UP, Phase.UNHEALTHY)
    port = (patient.status.port if patient.status else None) or patient.spec.run.port
    if port is None:
        return patient.found("port", Level.OK, "a free one is taken at each start")
    answer = await _answer(port, patient.spec.policy.web.health)
    return judge_port(patient, port, answer, up=up)


def judge_port(patient: Patient, port: int, answer: str | None, *, up: bool) -> Finding:
    """`answer` is the first line of an HTTP answer, "" for none in time, None when the port is not open."""
    path = patient.spec.policy.web.health
    if not up:
        if answer is None:
            return patient.found("port", Level.OK, f"port {port} is free for it")
        told = f"something else listens on port {port}, which this bot is to open"
        return patient.found("port", Level.PROBLEM, told, f"ss -ltnp 'sport = :{port}'")
    look = f"botctl logs {patient.name} -n 50"
    if answer is None:
        return patient.found("port", Level.PROBLEM, f"the bot is up and port {port} is not open", look)
    words = answer.split()
    if len(words) > 1 and words[0].startswith("HTTP/") and words[1].startswith("2"):
        return patient.found("port", Level.OK, f"port {port} is open, {path} answers {words[1]}")
    if len(words) > 1 and words[0].startswith("HTTP/"):
        return patient.found("port", Level.PROBLEM, f"port {port} is open, {path} answers {words[1]}", look)
    told = f"port {port} is open, but {path} was not answered within {PATIENCE:g} s"
    return patient.found("port", Level.PROBLEM, told, look)


async def _answer(port: int, path: str) -> str | None:
    writer = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            return (await reader.readline()).decode("latin-1").strip()
    except ConnectionRefusedError:
        return None
    except (OSError, ValueError):  # TimeoutError is an OSError; ValueError: a line without end
        return "" if writer is not None else None
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
