"""A change is heard however it was made; each test waits for the news, with a deadline."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from supervisor.config import watch
from supervisor.config.watch import changes

DEADLINE = 20


class Ear:
    """Listens in a task and counts; `heard` waits until there is more than before."""

    def __init__(self, files: Callable[[], list[Path]]) -> None:
        self._more = asyncio.Event()
        self.count = 0
        self._news = changes(files)

    async def run(self) -> None:
        async for _ in self._news:
            self.count += 1
            self._more.set()

    async def heard(self, act: Callable[[], object]) -> None:
        self._more.clear()
        act()
        async with asyncio.timeout(DEADLINE):
            await self._more.wait()


@asynccontextmanager
async def listening(files: Callable[[], list[Path]]) -> AsyncIterator[Ear]:
    ear = Ear(files)
    task = asyncio.create_task(ear.run(), name="ear")
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture(params=["events", "polling"])
def file(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """bots.yaml in a folder of its own, where events reach us and where they do not."""
    if request.param == "polling":
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    path = tmp_path / "etc" / "bots.yaml"
    path.parent.mkdir()
    path.write_text("bots: {}\n")
    return path


async def test_written_replaced_deleted_and_born(file: Path) -> None:
    async with listening(lambda: [file, file.parent / ".env"]) as ear:
        await ear.heard(lambda: file.write_text("bots: {} # 1\n"))
        new = file.parent / "bots.yaml.tmp"
        new.write_text("bots: {} # 22\n")
        await ear.heard(lambda: new.replace(file))
        await ear.heard(lambda: file.write_text("bots: {} # 333\n"))
        await ear.heard(file.unlink)
        await ear.heard(lambda: file.write_text("bots: {}\n"))
        await ear.heard(lambda: (file.parent / ".env").write_text("A=1\n"))


async def test_a_folder_that_goes_and_comes_back(file: Path) -> None:
    def come_back() -> None:
        file.parent.mkdir()
        file.write_text("bots: {} # again\n")

    async with listening(lambda: [file]) as ear:
        await ear.heard(lambda: shutil.rmtree(file.parent))
        await ear.heard(come_back)
        await ear.heard(lambda: file.write_text("bots: {} # and again\n"))


def test_the_folders_to_watch(file: Path) -> None:
    root = file.parent.parent
    assert set(watch._folders([file])) == {file.parent}
    assert set(watch._folders([root / "gone" / "deep" / ".env"])) == {root}
    (root / "linked.yaml").symlink_to(file)
    assert set(watch._folders([root / "linked.yaml"])) == {root, file.parent}
    before = watch._folders([file])
    file.parent.rename(root / "old")
    shutil.copytree(root / "old", file.parent)
    assert watch._folders([file]) != before


async def test_a_link_that_is_swapped(file: Path) -> None:
    """As Kubernetes does: bots.yaml -> ..data/bots.yaml, and ..data -> a folder for each version."""
    root = file.parent.parent / "mounted"
    for version in ("one", "two"):
        (root / version).mkdir(parents=True)
        (root / version / "bots.yaml").write_text(f"# {version}\n")
    (root / "..data").symlink_to("one")
    (root / "bots.yaml").symlink_to("..data/bots.yaml")

    def swap() -> None:
        (root / "..tmp").symlink_to("two")
        os.replace(root / "..tmp", root / "..data")  # noqa: PTH105

    async with listening(lambda: [root / "bots.yaml"]) as ear:
        await ear.heard(swap)


async def test_names_that_come_later(file: Path) -> None:
    later = file.parent.parent / "elsewhere" / "own.env"
    later.parent.mkdir()
    names = [file]

    async with listening(lambda: names) as ear:

        def name_it() -> None:
            names.append(later)
            file.write_text("bots: {} # env_file\n")

        await ear.heard(name_it)
        await ear.heard(lambda: later.write_text("A=1\n"))


async def test_what_changed_since_the_call_is_news(file: Path) -> None:
    news = changes(lambda: [file])
    await asyncio.to_thread(file.write_text, "bots: {} # before anybody listened\n")
    async with asyncio.timeout(DEADLINE):
        await anext(news)


async def test_neighbours_are_no_news(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, look = asyncio.Event(), watch._look

    def looking(names: Iterable[Path]) -> watch.Look:
        looked.set()
        return look(names)

    async with listening(lambda: [file]) as ear:
        await ear.heard(lambda: file.write_text("bots: {} # 1\n"))
        monkeypatch.setattr(watch, "_look", looking)
        (file.parent / "bot.log").write_text("a line\n")
        async with asyncio.timeout(DEADLINE):
            await looked.wait()
        assert ear.count == 1


async def test_a_busy_reader_hears_what_changed_meanwhile(file: Path) -> None:
    news = changes(lambda: [file])
    await asyncio.to_thread(file.write_text, "bots: {} # 1\n")
    async with asyncio.timeout(DEADLINE):
        await anext(news)
        # The reader is at work on the first change when the second comes.
        await asyncio.to_thread(file.write_text, "bots: {} # 22\n")
        await anext(news)


async def test_folders_that_cannot_be_watched_are_looked_at(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_left(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watch, "awatch", nothing_left)
    async with listening(lambda: [file]) as ear:
        await ear.heard(lambda: file.write_text("bots: {} # 1\n"))
        await ear.heard(lambda: file.write_text("bots: {} # 22\n"))
