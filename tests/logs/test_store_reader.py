import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.logs.lines import path_of
from supervisor.logs.reader import BLOCK, Cursor, merged_tail, read_from, tail, tail_from
from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy

AT = 1795179600.0

WRITER = """
import sys
from pathlib import Path
from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy
store = LogStore(Path(sys.argv[1]), "news", LogPolicy(20_000, 200))
for number in range(0, 60_000, 20):
    store.append("stdout", b"".join(b"%d\\n" % n for n in range(number, number + 20)))
"""


def filled(folder: Path, lines: int, policy: LogPolicy, bot: str = "news", step: float = 1.0) -> LogStore:
    store = LogStore(folder, bot, policy)
    for number in range(lines):
        store.append("stdout", b"%d\n" % number, AT + number * step)
    return store


def bytes_read_by_this_process() -> int:
    return int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])


@pytest.mark.parametrize("policy", [LogPolicy(), LogPolicy(100, 500), LogPolicy(1000, 30)])
def test_the_last_lines_in_order_over_rotated_files(tmp_path: Path, policy: LogPolicy) -> None:
    filled(tmp_path, 300, policy).close()
    for n in (0, 1, 3, 10, 299, 300, 1000):
        shown = tail(tmp_path, "news", n)
        assert [line.text for line in shown] == [str(number) for number in range(max(0, 300 - n), 300)]
    assert (shown[5].at, shown[5].stream, shown[5].bot) == (AT + 5, "stdout", "news")


@pytest.mark.parametrize("policy", [LogPolicy(), LogPolicy(100, 500)])
def test_since_leaves_out_what_is_older(tmp_path: Path, policy: LogPolicy) -> None:
    filled(tmp_path, 300, policy).close()
    assert [line.text for line in tail(tmp_path, "news", 1000, AT + 290)] == [str(n) for n in range(290, 300)]
    assert [line.text for line in tail(tmp_path, "news", 4, AT + 290)] == ["296", "297", "298", "299"]
    assert tail(tmp_path, "news", 1000, AT + 300) == []


def test_a_few_lines_of_a_long_log_are_not_read_from_its_start(tmp_path: Path) -> None:
    store = LogStore(tmp_path, "news", LogPolicy(max_size=100_000_000))
    for _ in range(200):
        store.append("stdout", b"x" * 99 + b"\n" + b"y" * 999 + b"\n" * 10)
        store.append("stdout", b"word " * 10_000 + b"\n")
    before = bytes_read_by_this_process()
    assert len(tail(tmp_path, "news", 10)) == 10
    assert len(tail(tmp_path, "news", 10, AT)) == 10
    assert bytes_read_by_this_process() - before < 1_500_000


def test_a_place_inside_a_line_is_not_taken_for_a_line(tmp_path: Path) -> None:
    store = LogStore(tmp_path, "news", LogPolicy())
    quoted = b"2099-01-01T00:00:00.000Z out a line of ours, quoted by a bot\n"
    store.append("stdout", b"old: " + quoted, AT)
    begin = store.path.stat().st_size - len(quoted)
    store.append("stdout", b"old\n" * 10, AT)
    store.append("stdout", b"new\n", AT + 9)
    size = store.path.stat().st_size
    store.append("stdout", b"x" * (BLOCK - (size - begin) - len("2026-11-20T13:00:00.000Z out \n")) + b"\n", AT + 9)
    assert store.path.stat().st_size - begin == BLOCK
    assert [line.text[:3] for line in tail(tmp_path, "news", 100, AT + 5)] == ["new", "xxx"]


def test_a_rotation_under_way_hides_no_older_file(tmp_path: Path) -> None:
    filled(tmp_path, 30, LogPolicy(200, 50)).close()
    path_of(tmp_path, "news", 1).rename(tmp_path / "elsewhere")
    shown = [line.text for line in tail(tmp_path, "news", 1000)]
    assert shown[0] == "0"
    assert shown[-1] == "29"
    assert len(shown) == 30 - len((tmp_path / "elsewhere").read_bytes().splitlines())


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none", "news", 10) == []
    assert read_from(tmp_path, "news", Cursor()) == ([], Cursor())


def test_lines_that_are_not_ours_are_shown_as_they_stand(tmp_path: Path) -> None:
    store = filled(tmp_path, 1, LogPolicy())
    with store.path.open("ab") as file:
        file.write(
            b"written by hand\n2026-99-20T13:00:00.123Z out no such day\n\xff\n2026-11-20T13:00:00.123Z out\n\n"
        )
    lines = tail(tmp_path, "news", 10)
    assert [line.text for line in lines] == [
        "0",
        "written by hand",
        "2026-99-20T13:00:00.123Z out no such day",
        "\ufffd",
        "2026-11-20T13:00:00.123Z out",
        "",
    ]
    assert {line.at for line in lines} == {AT}


def test_following_begins_right_behind_the_tail(tmp_path: Path) -> None:
    store = filled(tmp_path, 10, LogPolicy(200, 5))
    lines, cursor = tail_from(tmp_path, "news", 3)
    assert read_from(tmp_path, "news", cursor) == ([], cursor)
    store.append("stdout", b"next\n")
    lines, cursor = read_from(tmp_path, "news", Cursor.read(str(cursor)))
    assert [line.text for line in lines] == ["next"]


def test_a_line_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    store = filled(tmp_path, 1, LogPolicy())
    with store.path.open("ab", buffering=0) as file:
        file.write(b"2026-11-20T13:00:00.123Z out ha")
        lines, cursor = tail_from(tmp_path, "news", 5)
        assert [line.text for line in lines] == ["0"]
        assert read_from(tmp_path, "news", cursor) == ([], cursor)
        file.write(b"lf\n")
    assert [line.text for line in read_from(tmp_path, "news", cursor)[0]] == ["half"]


@pytest.mark.parametrize("text", ["", "1-2-3", "1-2-3-x", "1-2-3-4-5", "-1-2-3-4", "1-2-3-²"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a place in a log"):
        Cursor.read(text)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 9)),
        st.tuples(st.just("read"), st.integers(1, 9)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=60,
)


@given(steps=steps, max_size=st.integers(1, 300), same_time=st.booleans())
@settings(deadline=None)
def test_a_follower_loses_and_repeats_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], max_size: int, same_time: bool
) -> None:
    folder = tmp_path_factory.mktemp("follow")
    policy = LogPolicy(max_size, 1000)
    store = LogStore(folder, "news", policy)
    written, seen, cursor = 0, [], Cursor()
    for verb, count in steps:
        if verb == "write":
            block = b"".join(b"%d\n" % number for number in range(written, written + count))
            written += count
            store.append("stdout", block, AT if same_time else AT + written)
        elif verb == "read":
            lines, cursor = read_from(folder, "news", cursor, count)
            assert len(lines) <= count
            cursor = Cursor.read(str(cursor))
            seen += lines
        else:
            store.close()
            store = LogStore(folder, "news", policy)
    store.close()
    seen += read_from(folder, "news", cursor, 10_000)[0]
    assert [line.text for line in seen] == [str(number) for number in range(written)]


def test_a_follower_keeps_up_with_another_process_that_rotates(tmp_path: Path) -> None:
    seen: list[str] = []
    cursor = Cursor()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=Path.cwd()) as writer:
        over = False
        while not over:
            over = writer.poll() is not None
            lines, cursor = read_from(tmp_path, "news", cursor, 700)
            while lines:
                seen += [line.text for line in lines]
                lines, cursor = read_from(tmp_path, "news", cursor, 700)
        assert writer.returncode == 0
    assert len(list(tmp_path.iterdir())) > 50
    assert seen == [str(number) for number in range(60_000)]


def test_a_follower_that_was_outrun_goes_on_with_the_oldest_file(tmp_path: Path) -> None:
    store = filled(tmp_path, 2, LogPolicy(100, 2))
    _, cursor = tail_from(tmp_path, "news", 1)
    for number in range(2, 50):
        store.append("stdout", b"%d\n" % number, AT + number)
    lines, _ = read_from(tmp_path, "news", cursor)
    oldest = path_of(tmp_path, "news", 2).read_bytes().split()[2].decode()
    assert [line.text for line in lines] == [str(number) for number in range(int(oldest), 50)]


def test_a_removed_file_does_not_bring_back_older_lines(tmp_path: Path) -> None:
    store = filled(tmp_path, 20, LogPolicy(200, 9))
    _, cursor = tail_from(tmp_path, "news", 1)
    store.close()
    store.path.unlink()
    store.append("stdout", b"new\n", AT + 100)
    lines, cursor = read_from(tmp_path, "news", cursor)
    assert [line.text for line in lines] == ["new"]
    assert read_from(tmp_path, "news", cursor)[0] == []


def test_a_file_emptied_by_others_is_read_from_its_start(tmp_path: Path) -> None:
    store = filled(tmp_path, 3, LogPolicy(), step=0)
    _, cursor = tail_from(tmp_path, "news", 1)
    os.truncate(store.path, 0)
    store.append("stdout", b"0\n", AT)
    assert [line.text for line in read_from(tmp_path, "news", cursor)[0]] == ["0"]


class RestlessFolder(type(Path())):  # type: ignore[misc]
    """A folder in which something happens before each file in it is looked at."""

    before_each: Callable[[], None]

    def __truediv__(self, name: str) -> Path:
        self.before_each()
        return Path(self) / name


@given(bursts=st.lists(st.integers(0, 4), min_size=1, max_size=40), limit=st.integers(1, 9))
@settings(deadline=None)
def test_rotations_in_the_middle_of_a_look_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, bursts: list[int], limit: int
) -> None:
    folder = tmp_path_factory.mktemp("restless")
    store = LogStore(folder, "news", LogPolicy(70, 1000))  # two lines a file
    written = 0

    def burst() -> None:
        nonlocal written
        for _ in range(bursts.pop() if bursts else 0):
            store.append("stdout", b"%d\n" % written, AT)
            written += 1

    restless = RestlessFolder(folder)
    restless.before_each = burst
    burst()
    seen: list[str] = []
    cursor = Cursor()
    while bursts or len(seen) < written:
        lines, cursor = read_from(restless, "news", cursor, limit)
        seen += [line.text for line in lines]
    store.close()
    assert seen == [str(number) for number in range(written)]


@pytest.mark.parametrize("begin", range(8))
@pytest.mark.parametrize("pause", [0, 1, 9])
def test_a_rotation_that_proceeds_file_by_file_shows_no_line_twice(tmp_path: Path, begin: int, pause: int) -> None:
    filled(tmp_path, 10, LogPolicy(70, 1000)).close()
    nothing = -1
    steps = [nothing] * begin
    for number in (4, 3, 2, 1, 0):
        steps += [number, *[nothing] * pause]
    renames = iter(steps)

    def next_rename() -> None:
        number = next(renames, nothing)
        if number != nothing:
            path_of(tmp_path, "news", number).rename(path_of(tmp_path, "news", number + 1))

    restless = RestlessFolder(tmp_path)
    restless.before_each = next_rename
    assert [line.text for line in read_from(restless, "news", Cursor())[0]] == [str(number) for number in range(10)]


def test_several_bots_are_merged_by_time(tmp_path: Path) -> None:
    filled(tmp_path, 5, LogPolicy(), "a", step=2).close()
    filled(tmp_path, 5, LogPolicy(), "b", step=3).close()
    shown = [(line.bot, line.at - AT) for line in merged_tail(tmp_path, ["a", "b", "none"], 5)]
    assert shown == [("a", 6), ("b", 6), ("a", 8), ("b", 9), ("b", 12)]
