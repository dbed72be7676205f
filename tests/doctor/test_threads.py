"""A reading that hangs keeps nobody waiting, at the end of the program neither."""

from __future__ import annotations

import subprocess
import sys

import pytest

from supervisor.doctor.threads import LeavableThreads

PROGRAM = """
import asyncio, threading
from supervisor.doctor.threads import LeavableThreads

async def main():
    asyncio.get_running_loop().set_default_executor(LeavableThreads())
    try:
        async with asyncio.timeout(0.05):
            await asyncio.to_thread(threading.Event().wait)
    except TimeoutError:
        print("left")

asyncio.run(main())
"""


def test_a_program_ends_although_a_thread_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], timeout=20, check=True, capture_output=True, text=True)
    assert done.stdout == "left\n"


def test_answers_and_errors_come_back() -> None:
    threads = LeavableThreads()
    assert threads.submit(max, 1, 2).result(20) == 2
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 1, 0).result(20)
