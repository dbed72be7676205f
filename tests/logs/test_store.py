import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.logs.lines import path_of
from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy

AT = 1795179600.1234


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[LogStore]:
    store = LogStore(tmp_path / "logs", "news", LogPolicy(), clock=lambda: AT, monotonic=clock)
    yield store
    store.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A disk that is full: writes beyond `size` are cut short, then refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def texts(path: Path) -> list[bytes]:
    """The lines of a file, without stamp and stream."""
    return [line.split(b" ", 2)[2] for line in path.read_bytes().splitlines()]


def test_every_line_has_its_time_and_stream(store: LogStore) -> None:
    store.append("stdout", b"one\n\nthree\n")
    store.append("stderr", b"four\n", 0.0)
    store.append("setup", b"five\n")
    store.append("supervisor", b"six\n")
    assert store.path.read_text().splitlines() == [
        "2026-11-20T13:00:00.123Z out one",
        "2026-11-20T13:00:00.123Z out ",
        "2026-11-20T13:00:00.123Z out three",
        "1970-01-01T00:00:00.000Z err four",
        "2026-11-20T13:00:00.123Z setup five",
        "2026-11-20T13:00:00.123Z sup six",
    ]


def test_logs_are_for_their_owner_only(store: LogStore) -> None:
    store.append("stdout", b"secret\n")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../etc/passwd", "a/b", "a\0b"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a bot"):
        LogStore(tmp_path, name, LogPolicy())


@given(
    blocks=st.lists(st.lists(st.integers(0, 90), min_size=1, max_size=12), max_size=30),
    max_size=st.integers(1, 400),
    keep=st.integers(0, 4),
)
@settings(deadline=None)
def test_rotation_keeps_the_newest_within_bounds(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[int]], max_size: int, keep: int
) -> None:
    folder = tmp_path_factory.mktemp("rotation")
    store = LogStore(folder, "news", LogPolicy(max_size, keep))
    written: list[bytes] = []
    for lengths in blocks:
        lines = [str(len(written) + number).encode().ljust(length, b"x") for number, length in enumerate(lengths)]
        written += lines
        store.append("stdout", b"\n".join(lines) + b"\n", AT)
    store.close()
    files = [path_of(folder, "news", number) for number in range(keep, -1, -1)]
    assert {path.name for path in folder.iterdir()} <= {path.name for path in files}
    kept = [texts(path) for path in files if path.exists()]
    together = [line for file in kept for line in file]
    assert together == written[len(written) - len(together) :]
    assert together or not written
    for path in files:
        if path.exists():
            assert path.stat().st_size <= max_size or len(path.read_bytes().splitlines()) == 1


def test_a_smaller_keep_removes_files_at_once(tmp_path: Path) -> None:
    store = LogStore(tmp_path, "news", LogPolicy(max_size=60, keep=5))
    for number in range(8):
        store.append("stdout", b"%d ................\n" % number)
    assert len(list(tmp_path.iterdir())) == 6
    store.adopt(LogPolicy(max_size=1000, keep=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["news.log", "news.log.1", "news.log.2"]
    store.append("stdout", b"a" * 500 + b"\n")
    store.close()
    assert [len(line) for line in texts(store.path)] == [18, 500]


def test_a_smaller_keep_counts_also_when_it_was_edited_between_two_starts(tmp_path: Path) -> None:
    for number in range(9):
        path_of(tmp_path, "news", number).write_bytes(b"\n")
    store = LogStore(tmp_path, "news", LogPolicy(keep=2))
    store.append("stdout", b"first\n")
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["news.log", "news.log.1", "news.log.2"]


def test_a_line_torn_by_a_crash_is_ended_at_the_next_start(store: LogStore) -> None:
    store.folder.mkdir()
    store.path.write_bytes(b"2026-11-20T12:00:00.000Z out half a li")
    store.append("stdout", b"new\n")
    first, second = store.path.read_bytes().splitlines()
    assert first.endswith(b"half a li")
    assert second.endswith(b"out new")


def removed(path: Path) -> None:
    path.unlink()


def moved_away(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def removed_with_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


@pytest.mark.parametrize("meddle", [removed, moved_away, removed_with_folder])
def test_a_file_taken_away_is_made_anew(store: LogStore, clock: Clock, meddle: Callable[[Path], None]) -> None:
    store.append("stdout", b"before\n")
    meddle(store.path)
    clock.now += 2
    store.append("stdout", b"after\n")
    assert texts(store.path) == [b"after"]


def test_a_file_emptied_by_logrotate_goes_on_from_its_start(tmp_path: Path, clock: Clock) -> None:
    store = LogStore(tmp_path, "news", LogPolicy(max_size=200), monotonic=clock)
    store.append("stdout", b"a" * 150 + b"\n")
    os.truncate(store.path, 0)
    clock.now += 2
    store.append("stdout", b"b" * 150 + b"\n")
    store.close()
    assert texts(store.path) == [b"b" * 150]
    assert not path_of(tmp_path, "news", 1).exists()


def test_a_full_disk_is_remembered_and_owned_up_to(store: LogStore, clock: Clock) -> None:
    with files_no_larger_than(200):
        store.append("stdout", b"fits\n")
        store.append("stdout", b"fits\n" * 3 + b"x" * 50 + b"\nlost\n")
        store.append("stdout", b"lost\n")
        clock.now += 2
        store.append("stdout", b"lost\n")
        problem = store.problem
    assert problem is not None
    assert (problem.lines, problem.reason, problem.since) == (4, "File too large", AT)
    clock.now += 2
    store.append("stdout", b"again\n")
    assert store.problem is None
    *before, torn, notice, last = texts(store.path)
    assert (before, last) == ([b"fits"] * 4, b"again")
    assert torn == b"x" * len(torn)
    assert notice.startswith(b"4 log lines (")
    assert notice.endswith(b"could not be stored since 2026-11-20T13:00:00.123Z: File too large")


def test_while_the_disk_refuses_it_is_not_asked_for_every_line(store: LogStore, clock: Clock) -> None:
    store.folder.write_text("a file in the folder's place")
    store.append("stdout", b"lost\n")
    store.folder.unlink()
    store.append("stdout", b"lost too, until the next try\n")
    assert store.problem is not None
    assert store.problem.lines == 2
    clock.now += 2
    store.append("stdout", b"stored\n")
    assert store.problem is None
    assert texts(store.path)[-1] == b"stored"


def test_a_quiet_bots_log_is_mended_without_a_further_line(store: LogStore) -> None:
    store.folder.write_text("a file in the folder's place")
    store.append("stdout", b"lost\n")
    store.mend()
    assert store.problem is not None
    store.folder.unlink()
    store.mend()
    assert store.problem is None
    assert texts(store.path)[0].startswith(b"1 log lines (34 bytes) could not be stored")


def test_a_link_in_the_files_place_is_not_followed(store: LogStore, tmp_path: Path) -> None:
    store.folder.mkdir()
    store.path.symlink_to(tmp_path / "victim")
    store.append("stdout", b"text\n")
    assert store.problem is not None
    assert not (tmp_path / "victim").exists()
