"""The image by itself: what is in it, how large it is, what is built again, and what it does as PID 1."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import supervisor
from tests.containers.conftest import BASE
from tests.containers.newcomer import SOON, Newcomer, run
from tests.e2e.processes import ended

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

ORPHANS = "for n in 1 2 3 4 5; do (exec sleep 0.2 >/dev/null) & echo $!; done"


async def _image(name: str) -> Any:
    code, said = await run("docker", "image", "inspect", name)
    assert code == 0, said
    return json.loads(said)[0]


async def test_what_is_built(somebody: Newcomer) -> None:
    await somebody.compose("build")
    ours, base = await _image(somebody.project), await _image(BASE)
    assert ours["Size"] - base["Size"] < 100_000_000
    assert ours["Config"]["User"] not in ("", "0", "root")
    assert ours["Config"]["Healthcheck"]["Test"] == ["CMD", "botctl", "status"]
    labels = ours["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == supervisor.__version__
    assert {"title", "description", "licenses"} <= {name.rpartition(".")[2] for name in labels}
    assert not any("Fake" in variable for variable in ours["Config"]["Env"])


async def test_an_edit_of_our_code_installs_nothing_again(somebody: Newcomer) -> None:
    await somebody.compose("build")
    (somebody.folder / "README.md").write_text("other words")
    code = somebody.folder / "supervisor" / "__init__.py"
    code.write_text(code.read_text() + f"# edited in {somebody.project}\n")
    said = await somebody.compose("--progress", "plain", "build")
    cached = [step for step in said.split("\n\n") if "CACHED" in step]
    assert any("pip --python" in step for step in cached), said
    assert any("COPY --from=dependencies" in step for step in cached), said
    assert not any("COPY LICENSE supervisor" in step for step in cached), said


async def test_it_is_a_pid_one(somebody: Newcomer) -> None:
    """Reaps strangers, and takes a stop in its first moments for what it is."""
    (somebody.folder / "bots.yaml").write_text("telegram: {api_url: simulator}\nbots: {}\n")
    await somebody.compose("up", "-d", "--build", "--wait")
    made = await somebody.compose("exec", "-T", "supervisor", "sh", "-c", ORPHANS)
    assert len(made.split()) == 5
    pid = (await somebody.inspect())["State"]["Pid"]
    await _no_children_but(pid, 1)  # the guard

    code = await somebody.exit_code()
    await somebody.compose("restart", "--timeout", "60")
    await code.ended()
    code = await somebody.exit_code()
    await somebody.compose("stop")  # its Python has hardly begun
    await code.ended()
    assert code.lines == ["0"]


async def _no_children_but(pid: int, count: int) -> None:
    async with asyncio.timeout(SOON):
        while len(children := _children(pid)) > count:
            await ended(*children[count:])


def _children(pid: int) -> list[int]:
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
