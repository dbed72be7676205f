"""The end of a supervisor whose threads do not end: a real process, stopped by a real signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

LIFE = """
import asyncio, os, sys
from pathlib import Path
from supervisor.daemon import main
live = main._live
main.OVERDUE = 0.2
async def stuck(*args, **kwargs):
    asyncio.get_running_loop().run_in_executor(None, os.open, sys.argv[2], os.O_RDONLY)
    return await live(*args, **kwargs)
main._live = stuck
sys.exit(main.run(Path(sys.argv[1]), Path(sys.argv[3])))
"""


def test_a_thread_that_never_ends_does_not_keep_the_supervisor(tmp_path: Path) -> None:
    config, fifo = tmp_path / "bots.yaml", tmp_path / "fifo"
    config.write_text("bots: {}\n")
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-c", LIFE, str(config), str(fifo), str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "BOTCTL_LEASE_DIR": str(tmp_path / "leases")},
    ) as process:
        assert process.stdout is not None
        try:
            said = [line for line in iter(process.stdout.readline, "") if _goes_on(process, line)]
            assert process.wait(30) == 0, said
        finally:
            process.kill()
    assert "all bots have stopped" in "".join(said)


def _goes_on(process: subprocess.Popen[str], line: str) -> bool:
    if "runs 0 bot(s)" in line:
        process.send_signal(signal.SIGTERM)
    return True
