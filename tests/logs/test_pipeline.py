import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from supervisor.logs.lines import path_of
from supervisor.logs.pipeline import BotLog
from supervisor.logs.reader import tail
from supervisor.logs.redact import LEAST_CUT, Redactor
from supervisor.logs.store import LogStore
from supervisor.model.bots import LogPolicy
from supervisor.model.runs import LogLine
from supervisor.model.signs import Sign, SignKind

AT = 1795179600.123
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
MASKED = "123456789:[redacted]"
MARK = "…"
CONFLICT = b"409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running\n"
MB = 1_000_000


class Alarm:
    """One timer, rung by the test."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Alarms:
    """Stands for `loop.call_later`: time passes when the test says so."""

    def __init__(self) -> None:
        self.set: list[Alarm] = []

    def __call__(self, _delay: float, callback: Callable[[], None]) -> Alarm:
        self.set.append(Alarm(callback))
        return self.set[-1]

    @property
    def waiting(self) -> int:
        return sum(not alarm.cancelled for alarm in self.set)

    def ring(self) -> None:
        due, self.set = self.set, []
        for alarm in due:
            if not alarm.cancelled:
                alarm.callback()


class Shown:
    """An echo that remembers."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str, bytes, float]] = []

    def show(self, bot: str, stream: str, block: bytes, at: float) -> None:
        self.pieces.append((bot, stream, block, at))


class Bench:
    """A BotLog with real files, a real redactor and a real reader of signs."""

    def __init__(self, folder: Path, *, max_size: int = 10 * MB, echo: bool = True) -> None:
        self.folder = folder
        self.alarms = Alarms()
        self.shown = Shown()
        self.signs: list[Sign] = []
        self.stored_when_told: list[str] = []
        self.monotonic = 0.0
        self.store = LogStore(folder, "news", LogPolicy(max_size), clock=lambda: AT, monotonic=lambda: self.monotonic)
        self.log = BotLog(
            self.store,
            Redactor([TOKEN]),
            self._on_signs,
            self.shown if echo else None,
            limit=LEAST_CUT,
            clock=lambda: AT,
            later=self.alarms,
        )

    def _on_signs(self, signs: Sequence[Sign]) -> None:
        self.signs += signs
        self.stored_when_told = self.texts() if self.log.problem is None else []

    def lines(self, n: int = 1000) -> list[LogLine]:
        return tail(self.folder, "news", n)

    def texts(self) -> list[str]:
        return [line.text for line in self.lines()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "logs")
    yield bench
    bench.log.close()


def test_lines_reach_file_echo_and_memory(bench: Bench) -> None:
    bench.log.write("stdout", b"one\ntwo\nthr")
    bench.log.write("stderr", b"oh\n")
    bench.log.write("stdout", b"ee\n")
    expected = [("stdout", "one"), ("stdout", "two"), ("stderr", "oh"), ("stdout", "three")]
    assert [(line.stream, line.text) for line in bench.lines()] == expected
    assert [(line.stream, line.text) for line in bench.log.recent()] == expected
    assert bench.shown.pieces == [
        ("news", "stdout", b"one\ntwo\n", AT),
        ("news", "stderr", b"oh\n", AT),
        ("news", "stdout", b"three\n", AT),
    ]


@pytest.mark.parametrize("at", range(1, len(TOKEN) + 12))
def test_a_token_is_redacted_wherever_a_chunk_or_a_pause_cuts_it(bench: Bench, at: int) -> None:
    line = f"see bot{TOKEN}/get\n".encode()
    bench.log.write("stdout", line[:at])
    bench.log.write("stdout", line[at:])
    bench.log.write("stderr", line[:at])
    bench.alarms.ring()
    bench.log.write("stderr", line[at:])
    bench.alarms.ring()
    whole, *pieces = bench.texts()
    assert whole == f"see bot{MASKED}/get"
    assert "".join(pieces).replace(MARK, "") == f"see bot{MASKED}/get"
    for path in bench.folder.iterdir():
        assert b"FakeFake" not in path.read_bytes()
    assert b"FakeFake" not in b"".join(block for _, _, block, _ in bench.shown.pieces)
    assert "FakeFake" not in str(bench.log.recent())


@pytest.mark.parametrize("offset", [0, 1, 10, 11, 30, 44, 45, 46])
def test_a_token_is_redacted_where_a_long_line_is_cut(bench: Bench, offset: int) -> None:
    bench.log.write("stdout", b"-" * (LEAST_CUT - offset) + TOKEN.encode() + b"-" * 5000 + b"\n")
    bench.log.close()
    stored = bench.store.path.read_bytes()
    assert b"Fake" not in stored
    assert MASKED.encode() in stored


def test_a_prompt_shows_after_a_pause_and_its_line_goes_on(bench: Bench) -> None:
    bench.log.write("stdout", b"Code: ")
    assert bench.texts() == []
    bench.alarms.ring()
    assert bench.texts() == [f"Code: {MARK}"]
    assert bench.alarms.waiting == 0
    bench.log.write("stdout", b"1234")
    bench.log.write("stdout", b"5\n")
    assert bench.texts() == [f"Code: {MARK}", f"{MARK}12345"]
    assert bench.alarms.waiting == 0


def test_a_pause_is_counted_from_the_lines_start(bench: Bench) -> None:
    bench.log.write("stdout", b"a")
    bench.log.write("stdout", b"b\nc")
    first, second = bench.alarms.set
    assert (first.cancelled, second.cancelled) == (True, False)
    bench.log.write("stdout", b"d")
    assert bench.alarms.set == [first, second]
    bench.alarms.ring()
    assert bench.texts() == ["ab", f"cd{MARK}"]


def test_the_end_of_a_stream_ends_its_line(bench: Bench) -> None:
    bench.log.write("stdout", b"last words")
    bench.log.write("stderr", b"other")
    bench.log.end("stdout")
    bench.log.end("stdout")
    assert bench.texts() == ["last words"]
    bench.log.write("stdout", b"next run\n")
    bench.log.close()
    assert bench.texts() == ["last words", "next run", "other"]
    assert bench.alarms.waiting == 0


def test_a_conflict_is_told_after_it_was_stored(bench: Bench) -> None:
    bench.log.write("stderr", b"x\n" + CONFLICT[:40])
    bench.log.write("stderr", CONFLICT[40:])
    assert [sign.kind for sign in bench.signs] == [SignKind.GET_UPDATES]
    assert bench.stored_when_told == ["x", CONFLICT.decode().strip()]


def test_a_conflict_without_a_newline_is_told_after_a_pause_or_at_the_end(bench: Bench) -> None:
    bench.log.write("stderr", CONFLICT.rstrip())
    bench.alarms.ring()
    assert [sign.kind for sign in bench.signs] == [SignKind.GET_UPDATES]
    bench.log.end("stderr")
    bench.log.write("stderr", CONFLICT.rstrip())
    bench.log.end("stderr")
    assert [sign.kind for sign in bench.signs] == [SignKind.GET_UPDATES] * 2


def test_setup_and_our_own_notes_give_no_signs(bench: Bench) -> None:
    bench.log.write("setup", CONFLICT)
    bench.log.note(f"stopped: {CONFLICT.decode()}token {TOKEN}")
    assert bench.signs == []
    assert [(line.stream, line.text) for line in bench.lines()][1:] == [
        ("supervisor", f"stopped: {CONFLICT.decode().strip()}"),
        ("supervisor", f"token {MASKED}"),
    ]


def test_followers_are_woken_until_they_leave(bench: Bench) -> None:
    with bench.log.changes() as first, bench.log.changes() as second:
        bench.log.write("stdout", b"unfinished")
        assert not first.is_set()
        bench.log.write("stdout", b"\n")
        assert first.is_set()
        assert second.is_set()
        first.clear()
        bench.log.note("more")
        assert first.is_set()
    first.clear()
    bench.log.note("nobody listens")
    assert not first.is_set()


def test_recent_lines_are_few_and_the_last_ones(bench: Bench) -> None:
    for number in range(100):
        bench.log.write("stdout", b"%d\n" % number)
    assert [line.text for line in bench.log.recent(3)] == ["97", "98", "99"]
    assert [line.text for line in bench.log.recent()] == [str(number) for number in range(80, 100)]
    bench.log.write("stdout", b"".join(b"%d %s\n" % (number, b"x" * 90) for number in range(1000)))
    assert [line.text.split()[0] for line in bench.log.recent(10)] == [str(number) for number in range(990, 1000)]
    assert all(line.text.split()[0].isdigit() for line in bench.log.recent(1000))
    bench.log.write("stdout", b"y" * 8000 + b"\n")
    assert bench.log.recent(1)[0].text.strip(MARK) == "y" * 4095
    assert bench.log.recent(0) == []
    for _ in range(10):
        bench.log.write("stdout", b"z" * 4000 + b"\n")
    assert sum(len(line.text) for line in bench.log.recent(1000)) < 9000


def test_a_full_disk_stops_neither_signs_nor_memory_and_mends_itself(bench: Bench) -> None:
    bench.folder.write_text("a file in the folder's place")
    bench.log.write("stderr", CONFLICT)
    assert bench.log.problem is not None
    assert len(bench.signs) == 1
    assert len(bench.log.recent()) == 1
    bench.log.write("stderr", b"more\n")
    assert bench.alarms.waiting == 1
    bench.alarms.ring()
    assert bench.alarms.waiting == 1
    bench.folder.unlink()
    bench.alarms.ring()
    assert bench.log.problem is None
    assert bench.alarms.waiting == 0
    assert bench.texts()[0].startswith("2 log lines")


def test_other_limits_are_adopted_in_place(bench: Bench) -> None:
    bench.log.adopt(LogPolicy(max_size=100, keep=1))
    for _ in range(9):
        bench.log.write("stdout", b"x" * 50 + b"\n")
    assert sorted(path.name for path in bench.folder.iterdir()) == ["news.log", "news.log.1"]


def chunks_of_text(size: int) -> Iterator[bytes]:
    line = b"2026-11-20 13:00:00,123 INFO handler: update %08d was handled in 12 ms, all is well\n"
    block = b"".join(line % number for number in range(2000))
    for start in range(0, size, 65_536):
        at = start % 100_000
        yield block[at : at + 65_536]


def one_endless_line(size: int) -> Iterator[bytes]:
    yield from (b"word and number 12345:" * 3000 for _ in range(size // 66_000))


@pytest.mark.parametrize(("source", "size"), [(chunks_of_text, 100 * MB), (one_endless_line, 50 * MB)])
def test_memory_stays_flat(tmp_path: Path, source: Callable[[int], Iterator[bytes]], size: int) -> None:
    bench = Bench(tmp_path, max_size=MB, echo=False)
    for chunk in source(2 * MB):
        bench.log.write("stdout", chunk)
    tracemalloc.start()
    try:
        total = 0
        for chunk in source(size):
            bench.log.write("stdout", chunk)
            total += len(chunk)
            bench.alarms.set = [alarm for alarm in bench.alarms.set if not alarm.cancelled]
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bench.log.close()
    assert total > 0.9 * size
    assert kept < 1.5 * MB
    assert peak < 3 * MB
    sizes = [path_of(tmp_path, "news", number).stat().st_size for number in range(6)]
    assert max(sizes) <= MB
    assert len(list(tmp_path.iterdir())) == 6
