"""What only containers promise, on the real engine: labels, limits, one container a token, logs over two lives."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from supervisor.errors import StartRefused, StillAlive
from supervisor.model.bots import StopPolicy
from supervisor.model.containers import Build, ContainerSpec, Pull, TokenDelivery, Volume
from supervisor.model.runs import Exit, Handle
from supervisor.runners.containers.ending import Patience
from supervisor.runners.containers.engine import Engine
from supervisor.runners.containers.labels import newest
from supervisor.runners.docker import DockerRunner, _create
from tests.contract.containers import AT_ONCE, IMAGE, Contained, contained, open_engine
from tests.contract.stage import Lines, order, within

pytestmark = pytest.mark.docker

SLEEP = ("sh", "-c", "trap 'exit 7' TERM; echo ready; sleep 1000 & wait")


def spec(**more: Any) -> ContainerSpec:
    return ContainerSpec(image=more.pop("image", IMAGE), networks=("none",), **more)


async def inspected(runner: DockerRunner, handle: Handle) -> Any:
    return await runner._engine.call(lambda api: api.inspect_container(handle.container or ""))


async def other_fleet(tmp_path: Path, fleet: str = "another-fleet") -> Contained:
    return Contained(fleet, await open_engine(), tmp_path / fleet, f"supervisor of {fleet}")


async def test_what_the_engine_is_told(docker_runner: Contained) -> None:
    wanted = order(*SLEEP, container=spec(memory=64_000_000, cpus=0.5, read_only=True), user="1000", lease_fd=None)
    handle = await docker_runner.start(wanted, Lines())
    told = await inspected(docker_runner, handle)
    host = told["HostConfig"]
    assert re.fullmatch(r"/news-bot-\d", told["Name"])
    assert told["Config"]["Labels"]["botctl.bot"] == "news"
    assert told["Config"]["Labels"]["botctl.bot_id"].isdigit()
    assert "AAFake" not in json.dumps(told["Config"]["Labels"])
    assert (host["RestartPolicy"]["Name"], host["Init"], host["Privileged"]) == ("no", True, False)
    assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges:true"])
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64_000_000, 64_000_000, 500_000_000)
    assert (host["PidsLimit"], host["ReadonlyRootfs"]) == (512, True)
    assert host["LogConfig"]["Config"]["max-size"]
    assert told["Config"]["User"] == "1000"
    await within(docker_runner.stop(handle, AT_ONCE))


async def test_a_token_in_a_file_is_not_shown(docker_runner: Contained) -> None:
    container = spec(token_delivery=TokenDelivery.FILE, read_only=True)
    sink = Lines()
    handle = await docker_runner.start(
        order("sh", "-c", "cat /run/botctl/token; id -u; exec sleep 1000", container=container, user="1000"), sink
    )
    assert (await sink.line("")).endswith(":AAFakeFakeFakeFakeFakeFakeFakeFakeF1000")
    assert "AAFake" not in json.dumps(await inspected(docker_runner, handle))
    await within(docker_runner.stop(handle, AT_ONCE))


async def test_too_much_memory_is_said_with_the_limit(docker_runner: Contained) -> None:
    eater = "x = []\nwhile True: x.append(bytearray(1_000_000))"
    handle = await docker_runner.start(order("python3", "-c", eater, container=spec(memory=32_000_000)), Lines())
    ended = await within(docker_runner.wait(handle))
    assert str(ended) == "killed by SIGKILL (out of memory: its limit is 32 MB)"


async def test_a_container_removed_by_hand_is_over(docker_runner: Contained) -> None:
    handle = await docker_runner.start(order("sleep", "1000"), Lines())
    await docker_runner._engine.call(lambda api: api.remove_container(handle.container or "", force=True))
    ended = await within(docker_runner.wait(handle))
    assert ended == Exit(None) or ended.signal == signal.SIGKILL


async def test_a_paused_container_hears_the_stop(docker_runner: Contained) -> None:
    sink = Lines()
    handle = await docker_runner.start(order(*SLEEP), sink)
    await sink.line("ready")
    await docker_runner._engine.call(lambda api: api.pause(handle.container or ""))
    assert await within(docker_runner.stop(handle, StopPolicy(grace=1000.0))) == Exit(7)


async def test_a_volume_keeps_what_is_written(docker_runner: Contained, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    container = spec(volumes=(Volume(str(folder), "/data"), Volume("/etc", "/host", read_only=True)))
    wanted = order("sh", "-c", "echo kept > /data/file; touch /host/x 2>/dev/null || exit 5", container=container)
    handle = await docker_runner.start(wanted, Lines())
    assert await within(docker_runner.wait(handle)) == Exit(5)
    assert (folder / "file").read_text() == "kept\n"


async def test_no_second_container_of_a_token_beside_another_supervisors(
    docker_runner: Contained, tmp_path: Path
) -> None:
    other = await other_fleet(tmp_path)
    handle = await other.start(order("sleep", "1000"), Lines())
    token_id = contained(order("x")).spec.token.id
    holder = await docker_runner.holder(token_id)
    assert re.fullmatch(r"the container news-bot-\d \(bot news of supervisor of another-fleet\)", str(holder))
    with pytest.raises(StartRefused, match=r"in use by the container news-bot-. .bot news of supervisor of another"):
        await docker_runner.start(order("sleep", "1000"), Lines())
    await within(other.stop(handle, AT_ONCE))
    assert await docker_runner.holder(token_id) is None
    await other.close()


async def test_of_many_that_start_at_once_never_two_run(docker_runner: Contained, tmp_path: Path) -> None:
    others = [docker_runner, *[await other_fleet(tmp_path, f"fleet-{n}") for n in range(3)]]
    for number in range(1, 4):
        starts = (each.start(order("sleep", "1000", number=number), Lines()) for each in others)
        found = await within(asyncio.gather(*starts, return_exceptions=True))
        assert all(isinstance(each, Handle | StartRefused) for each in found), found
        running = [(each, one) for each, one in zip(found, others, strict=True) if isinstance(each, Handle)]
        assert len(running) <= 1
        for handle, one in running:
            await within(one.stop(handle, AT_ONCE))
    for one in others[1:]:
        assert await one.remains() == []
        await one.close()


async def test_a_name_that_a_stranger_has_is_passed_over(docker_runner: Contained) -> None:
    name = f"odd{uuid.uuid4().hex[:6]}"
    body = {"Image": IMAGE, "Cmd": ["true"]}
    make = await docker_runner._engine.call(lambda api: _create(api, body=body, name=f"{name}-bot-1"))
    try:
        handle = await docker_runner.start(order("sleep", "1000", bot=name), Lines())
        assert handle.data["name"] == f"{name}-bot-2"
        await within(docker_runner.stop(handle, AT_ONCE))
    finally:
        await docker_runner._engine.call(lambda api: api.remove_container(make["Id"]))


async def test_a_next_life_takes_up_the_container_and_its_log(docker_runner: Contained, tmp_path: Path) -> None:
    """As after kill -9: the first life's runner is closed without a stop, in the middle of the talk."""
    count = "import sys, time\nfor n in range(1, 3001):\n print(n, flush=True)\n time.sleep(0.0005)\nsys.exit(9)"
    wanted = contained(order("python3", "-c", count))
    first, second = Lines(), Lines()
    earlier = Contained(docker_runner._fleet, await open_engine(), docker_runner._folder, "a test")
    await earlier.start(wanted, first)
    await first.line("500")
    await earlier.close()
    (left,) = newest(await docker_runner.left()).values()
    assert (left.run, left.token_id) == (wanted.run, wanted.spec.token.id)
    assert docker_runner.same(left, wanted.spec)
    assert not docker_runner.same(left, contained(order("python3", "-c", "other")).spec)
    handle = docker_runner.resume(left, second)
    assert await within(docker_runner.wait(handle)) == Exit(9)
    assert (first.out + second.out).splitlines() == [str(n) for n in range(1, 3001)]


async def test_what_an_earlier_life_left_is_ended_before_a_start(docker_runner: Contained) -> None:
    earlier = Contained(docker_runner._fleet, await open_engine(), docker_runner._folder, "a test")
    sink = Lines()
    old = await earlier.start(order(*SLEEP), sink)
    await sink.line("ready")
    await earlier.close()
    new = await within(docker_runner.start(order("sleep", "1000", number=2), Lines()))
    assert [each.id for each in await docker_runner.left()] == []
    assert new.container != old.container
    await within(docker_runner.stop(new, AT_ONCE))


async def test_a_missing_image_is_refused_in_words(docker_runner: Contained) -> None:
    container = spec(image="127.0.0.1:1/no/such:image", pull=Pull.NEVER)
    with pytest.raises(StartRefused, match=r"there is no image 127.0.0.1:1/no/such:image on the engine"):
        await docker_runner.start(order("true", container=container), Lines())
    wanted = contained(order("true", container=container)).spec
    with pytest.raises(StartRefused, match="`pull: never` forbids"):
        await docker_runner.images.prepare(wanted, "news", Lines())
    sink = Lines()
    wanted = contained(order("true", container=spec(image="127.0.0.1:1/no/such:image"))).spec
    with pytest.raises(StartRefused, match="could not be pulled"):
        await within(docker_runner.images.prepare(wanted, "news", sink))
    assert sink.ends == ["setup"]


async def test_a_build_shows_its_output_and_what_failed(docker_runner: Contained, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    word = uuid.uuid4().hex  # not in the engine's cache
    container = ContainerSpec(build=Build(tmp_path, args={"WORD": word}), networks=("none",))
    dockerfile.write_text(f'FROM {IMAGE}\nARG WORD\nRUN echo said $WORD\nCMD ["sh", "-c", "echo built; exit 4"]\n')
    wanted = contained(order("true", container=container))
    sink = Lines()
    await within(docker_runner.images.prepare(wanted.spec, "news", sink))
    assert f"said {word}".encode() in sink.streams["setup"]
    dockerfile.write_text(f"FROM {IMAGE}\nRUN echo oh no && false\n")
    with pytest.raises(StartRefused, match=r"could not be built: .*returned a non-zero code"):
        await within(docker_runner.images.prepare(wanted.spec, "news", sink))
    dockerfile.unlink()
    with pytest.raises(StartRefused, match="there is no Dockerfile in"):
        await docker_runner.images.prepare(wanted.spec, "news", sink)


async def test_without_an_engine(tmp_path: Path) -> None:
    engine = Engine({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    runner = DockerRunner("fleet", engine, tmp_path, "a test")
    with pytest.raises(StartRefused, match=r"no Docker engine answers at unix://.*: is it running"):
        await runner.start(contained(order("true")), Lines())
    await runner.close()


async def test_an_engine_that_falls_silent_is_no_end(docker_runner: Contained, tmp_path: Path) -> None:
    """The engine is reached through a door that closes: the run goes on, a stop says it cannot, and then it opens."""
    door = tmp_path / "door.sock"
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection("/var/run/docker.sock")
        writers.extend([writer, up_writer])
        await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer), return_exceptions=True)

    server = await asyncio.start_unix_server(serve, door)
    engine = Engine(os.environ | {"DOCKER_HOST": f"unix://{door}"})
    runner = Contained(docker_runner._fleet, engine, tmp_path, "a test", patience=Patience(after_kill=0.1))
    sink = Lines()
    handle = await runner.start(order(*SLEEP), sink)
    await sink.line("ready")
    server.close()
    for writer in writers:
        writer.transport.abort()
    door.unlink(missing_ok=True)
    with pytest.raises(StillAlive, match="news-bot-"):
        await within(runner.stop(handle, AT_ONCE))
    server = await asyncio.start_unix_server(serve, door)
    assert await within(runner.stop(handle, AT_ONCE)) == Exit(None, signal=signal.SIGKILL)
    await runner.close()
    for writer in writers:
        writer.transport.abort()
    server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
