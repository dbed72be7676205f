from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.containers.newcomer import Newcomer, newcomer

BASE = "python:3.13-slim-trixie"


def _why_not() -> str | None:
    """Why nothing can be run in containers here."""
    for question in (("info",), ("compose", "version"), ("image", "inspect", BASE)):
        try:
            asked = subprocess.run(["docker", *question], capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"docker {' '.join(question)}: {error}"
        if asked.returncode:
            return f"docker {' '.join(question)}: {asked.stderr.strip()}"
    return None


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine that answers, with Compose and the base image; under CI it is a failure to have none."""
    reason = _why_not()
    if reason is not None:
        message = f"THE CONTAINERS ARE NOT TESTED: {reason}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture
async def somebody(engine: None, tmp_path: Path) -> AsyncIterator[Newcomer]:
    async with newcomer(tmp_path) as somebody:
        yield somebody
