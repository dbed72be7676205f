"""Real processes with a token in real places: who is found, who is not accused, and in which words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from supervisor.model.rivals import OwnerKind, TokenPlace
from supervisor.rivals.processes import read_process
from tests.rivals.host.conftest import FLEET
from tests.rivals.host.stage import BOT, OTHER, POLLER, TOKEN, Door, Eyes, environ, orphan

PYTHON = sys.executable


async def test_a_poller_with_the_token_in_its_environment(eyes: Eyes, door: Door) -> None:
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=TOKEN)) as pid:
        rival = await eyes.only_rival()
    assert (rival.pid, rival.bot_id, rival.place) == (pid, BOT, TokenPlace.ENVIRONMENT)
    assert (rival.connected, rival.sure) == (True, True)
    assert rival.command == f"{PYTHON} {POLLER} {door.address}"
    assert (rival.owner.kind, rival.owner.stop) == (OwnerKind.UNKNOWN, (f"kill {pid}",))
    assert rival.proof == "has the token in its environment and an open connection to the API host"


async def test_it_is_known_since_when_it_runs_and_whose_it_is(eyes: Eyes, door: Door) -> None:
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=TOKEN)) as pid:
        rival = await eyes.only_rival()
        its = psutil.Process(pid)
        assert abs(rival.since - its.create_time()) < 1.0
        assert rival.user == its.username()


async def test_a_token_on_a_command_line_is_found_and_never_shown(eyes: Eyes, door: Door) -> None:
    async with orphan(PYTHON, str(POLLER), door.address, TOKEN, env=environ()):
        rival = await eyes.only_rival()
    assert rival.place is TokenPlace.COMMAND_LINE
    assert rival.command.endswith(f"{door.address} {BOT}:[redacted]")
    assert "AAFake" not in repr(rival)


async def test_a_token_within_an_address_is_found(eyes: Eyes, door: Door) -> None:
    url = f"https://api.telegram.org/bot{TOKEN.replace(':', '%3A')}/getUpdates"
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(POLL_URL=url)):
        assert (await eyes.only_rival()).place is TokenPlace.ENVIRONMENT


async def test_a_program_that_reads_its_env_file_is_found_by_its_connection(
    eyes: Eyes, door: Door, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f'BOT_TOKEN="{TOKEN}"\n')
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(), cwd=tmp_path):
        rival = await eyes.only_rival()
    assert (rival.place, rival.connected, rival.sure) == (TokenPlace.ENV_FILE, True, True)


async def test_an_env_file_of_several_bots_is_only_a_hint(eyes: Eyes, door: Door, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"A_TOKEN={TOKEN}\nB_TOKEN={OTHER}\n")
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(), cwd=tmp_path):
        assert (await eyes.only_rival()).sure is False


async def test_whoever_has_another_bot_s_token_is_that_bot(eyes: Eyes, door: Door, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"A_TOKEN={TOKEN}\nB_TOKEN={OTHER}\n")
    async with orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=OTHER), cwd=tmp_path):
        assert (await eyes.see()).rivals == ()
        assert len((await eyes.see(OTHER)).rivals) == 1


async def test_an_env_file_is_read_with_care(eyes: Eyes, door: Door, tmp_path: Path) -> None:
    for number, name in enumerate(("fifo", "link", "folder", "huge")):
        folder = tmp_path / name
        folder.mkdir()
        env = folder / ".env"
        if name == "fifo":
            os.mkfifo(env)
        elif name == "link":
            (tmp_path / "real").write_text(f"BOT_TOKEN={TOKEN}\n")
            env.symlink_to(tmp_path / "real")
        elif name == "folder":
            env.mkdir()
        else:
            env.write_text("#" * 1_000_000 + f"\nBOT_TOKEN={TOKEN}\n")
        async with orphan(PYTHON, str(POLLER), door.address, env=environ(), cwd=folder):
            assert (await eyes.see()).rivals == (), (number, name)


async def test_a_wrapper_and_its_child_are_one_rival(eyes: Eyes, door: Door) -> None:
    script = f'"{PYTHON}" "{POLLER}" {door.address}; true'
    async with orphan("sh", "-c", script, env=environ(BOT_TOKEN=TOKEN)) as pid:
        rival = await eyes.only_rival()
        assert rival.pid != pid
        assert rival.command.startswith(f"{PYTHON} {POLLER}")
        assert [each for each, _ in rival.family] == [pid, rival.pid]


async def test_a_start_script_above_belongs_to_it_even_without_the_token(
    eyes: Eyes, door: Door, tmp_path: Path
) -> None:
    script = tmp_path / "start.sh"
    script.write_text(f'while true; do env BOT_TOKEN={TOKEN} "{PYTHON}" "{POLLER}" {door.address}; done\n')
    async with orphan("sh", str(script), env=environ()) as pid:
        rival = await eyes.only_rival()
    assert [each for each, _ in rival.family] == [pid, rival.pid]


async def test_healthy_neighbours_are_not_accused(eyes: Eyes, door: Door, tmp_path: Path) -> None:
    marked = environ(BOTCTL_RUN=f"{FLEET}/boot/news/1", BOT_TOKEN=TOKEN)
    child = f'env -i "{PYTHON}" "{POLLER}" {door.address} {TOKEN}; true'
    lost = f'(env -i "{PYTHON}" "{POLLER}" {door.address} {TOKEN} &); exec sleep 600'
    left = f'setsid -w env -i "{PYTHON}" "{POLLER}" {door.address} {TOKEN}; true'
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\n")
    async with (
        orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=OTHER)),
        orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=f"1{TOKEN}")),
        orphan(PYTHON, str(POLLER), door.address, env=environ(BOT_TOKEN=TOKEN.replace("FakeF", "FakeG"))),
        orphan(PYTHON, str(POLLER), door.address, env=marked),
        orphan("sh", "-c", child, env=marked),
        orphan("sh", "-c", left, env=marked),
        orphan("sh", "-c", lost, env=marked),
        orphan(PYTHON, str(POLLER), "-", env=environ(), cwd=tmp_path),
    ):
        seen = await eyes.see()
    assert (seen.rivals, seen.also) == ((), ())


async def test_a_run_of_another_supervisor_is_that_one_s(eyes: Eyes, door: Door) -> None:
    mark = environ(BOTCTL_RUN="another/boot/news/3", BOT_TOKEN=TOKEN)
    async with orphan(PYTHON, str(POLLER), door.address, env=mark):
        rival = await eyes.only_rival()
    assert (rival.owner.kind, rival.owner.name) == (OwnerKind.BOTCTL, "news of another supervisor")


async def test_shells_and_tools_with_an_exported_token_are_noted_and_not_accused(eyes: Eyes) -> None:
    script = "echo polling; exec sleep 600"
    async with orphan("sh", "-c", script, env=environ(BOT_TOKEN=TOKEN)) as pid:
        seen = await eyes.see()
    assert seen.rivals == ()
    assert seen.also == (
        f"also have the token, as whatever is started where it was exported, and are no pollers: sleep ({pid})",
    )


async def test_the_connected_one_explains_more_than_one_that_has_the_token(eyes: Eyes, door: Door) -> None:
    token = environ(BOT_TOKEN=TOKEN)
    async with (
        orphan(PYTHON, str(POLLER), "-", TOKEN, env=environ()) as quiet,
        orphan(PYTHON, str(POLLER), door.address, env=token) as polling,
    ):
        seen = await eyes.see()
    assert [(rival.pid, rival.connected, rival.sure) for rival in seen.rivals] == [
        (polling, True, True),
        (quiet, False, False),
    ]


async def test_nothing_secret_is_in_the_repr_of_what_was_read(door: Door) -> None:
    async with orphan(PYTHON, str(POLLER), door.address, TOKEN, env=environ(BOT_TOKEN=TOKEN)) as pid:
        assert "AAFake" not in repr(read_process(pid))
