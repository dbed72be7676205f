"""What is still in a pipe when the run is over is passed on, and the end is said once."""

from __future__ import annotations

import os

from supervisor.runners.outlet import Outlet
from tests.contract.stage import Lines


async def test_the_rest_of_a_pipe_is_passed_on() -> None:
    mine, theirs = os.pipe()
    sink = Lines()
    outlet = Outlet(mine, "stdout", sink)
    os.write(theirs, b"x" * 60_000)
    outlet.drain()
    outlet.drain()
    os.close(theirs)
    assert sink.streams == {"stdout": b"x" * 60_000}
    assert sink.ends == ["stdout"]


async def test_a_stranger_that_never_stops_writing_is_left_behind() -> None:
    """As much as a pipe can hold is owed to the run; a stranger's endless output is not."""
    mine, theirs = os.pipe()

    class Refilled(Lines):
        def write(self, stream: str, chunk: bytes) -> None:
            super().write(stream, chunk)
            os.write(theirs, chunk)

    sink = Refilled()
    outlet = Outlet(mine, "stdout", sink)
    os.write(theirs, b"x" * 30_000)
    outlet.drain()
    os.close(theirs)
    assert sink.ends == ["stdout"]
    assert len(sink.streams["stdout"]) < 2_000_000
