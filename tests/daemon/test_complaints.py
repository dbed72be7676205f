"""An error that repeats itself is told once a minute, with how often it came."""

from __future__ import annotations

import asyncio
import logging

import pytest

from supervisor.daemon.complaints import Complaints


async def test_a_repeated_error_is_told_once_a_minute_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    complain = Complaints(lambda: now)
    loop = asyncio.get_running_loop()
    with caplog.at_level(logging.ERROR):
        for _ in range(1000):
            complain(
                loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")}
            )
        complain(loop, {"message": "another", "exception": ValueError("x")})
        now = 61.0
        complain(loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")})
    assert [record.getMessage() for record in caplog.records] == [
        "socket.accept() out of system resource",
        "another",
        "socket.accept() out of system resource (999 more since it was last told)",
    ]
