import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supervisor.logs.split import LineSplitter

MARK = "…"
LIMIT = 24

pieces = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"bc", b"0123456789", b"12345:AAFake", b"\xd1\x8f", "🎉".encode()])
    | st.binary(max_size=4)
    | st.integers(1, 60).map(lambda length: b"x" * length),
    max_size=30,
)


def before_digits(data: bytes, limit: int) -> int:
    """A stand-in with the contract of the real one: never cut right behind something like a token's start."""
    cut = min(limit, len(data))
    return len(data[:cut].rstrip(b"0123456789:")) or cut


def any_cut(data: bytes, limit: int) -> int:
    return min(limit, len(data))


def split(*chunks: bytes, limit: int = LIMIT) -> bytes:
    splitter = LineSplitter(before_digits, limit)
    return b"".join(map(splitter.feed, chunks)) + splitter.end()


def shown(*chunks: str, limit: int = LIMIT) -> list[str]:
    return split(*(chunk.encode() for chunk in chunks), limit=limit).decode().splitlines()


@given(parts=pieces, cuts=st.lists(st.integers(0, 600), max_size=12))
@example(parts=[b"x" * 24, b"\r", b"\n"], cuts=[24])
@example(parts=[b"x" * 30, b"\r\r", b"y", b"\n"], cuts=[10, 31])
@example(parts=[b"\xc3", b"1" * 500, b"\n"], cuts=[])
@settings(max_examples=300, deadline=None)
def test_how_the_bytes_were_chunked_makes_no_difference(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    whole = split(data)
    assert split(*chunks) == whole
    assert split(*(data[at : at + 1] for at in range(len(data)))) == whole


@given(parts=pieces)
def test_without_carriage_returns_nothing_is_lost_and_no_line_is_too_long(parts: list[bytes]) -> None:
    data = b"".join(parts).replace(b"\r", b"")
    out = split(data)
    assert out.replace(f"{MARK}\n{MARK}".encode(), b"").removesuffix(b"\n") == data.removesuffix(b"\n")
    assert all(len(line) <= LIMIT + 2 * len(MARK.encode()) for line in out.split(b"\n"))


@given(parts=pieces)
def test_every_block_is_whole_lines_and_little_is_kept(parts: list[bytes]) -> None:
    splitter = LineSplitter(any_cut, LIMIT)
    for part in parts:
        block = splitter.feed(part)
        assert not block or block.endswith(b"\n")
        assert len(splitter._rest) <= LIMIT + 1


def test_lines_pass_as_they_are() -> None:
    assert shown("one\n\ntw", "o\nthr", "ee") == ["one", "", "two", "three"]


def test_windows_line_ends_are_line_ends() -> None:
    assert shown("one\r\ntwo\r", "\nthree\r\r\n") == ["one", "two", "three"]


def test_of_a_progress_bar_the_last_state_is_kept() -> None:
    assert shown("get: 1%\rget: 50%\rget: 100%\n", "next\n") == ["get: 100%", "next"]
    assert shown("get: 1%\r", "get: 50%", "\rget: 100%\r", "\n") == ["get: 100%"]
    assert shown(*(f"\rget: {percent}%" for percent in range(101)), "\n") == ["get: 100%"]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_long_line_becomes_several_with_marks(chunk: int) -> None:
    text = "x" * 24 + "y" * 24 + "z\nshort\n"
    chunks = [text[at : at + chunk] for at in range(0, len(text), chunk)]
    assert shown(*chunks) == ["x" * 24 + MARK, MARK + "y" * 24 + MARK, MARK + "z", "short"]


def test_a_cut_leaves_tokens_and_characters_whole() -> None:
    assert shown("x" * 20 + "12345:AA and more\n") == ["x" * 20 + MARK, MARK + "12345:AA and more"]
    assert shown("x" * 23 + "я" * 3 + "\n") == ["x" * 23 + MARK, MARK + "яяя"]
    assert shown("x" * 21 + "🎉🎉\n") == ["x" * 21 + MARK, MARK + "🎉🎉"]


def test_a_line_without_a_place_to_cut_is_cut_all_the_same() -> None:
    assert shown("1" * 50) == ["1" * 24 + MARK, MARK + "1" * 24 + MARK, MARK + "1" * 2]


def flushed(splitter: LineSplitter, *chunks: str) -> list[str]:
    """What is shown when a pause follows each chunk."""
    out = b"".join(splitter.feed(chunk.encode()) + splitter.flush() for chunk in chunks)
    return (out + splitter.end()).decode().splitlines()


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        (["Name: ", "Ann\n"], [f"Name: {MARK}", f"{MARK}Ann"]),
        (["Name: ", "\n", "next\n"], [f"Name: {MARK}", "next"]),
        (["Name: ", "\r\n", "next\n"], [f"Name: {MARK}", "next"]),
        (["10%", "\r20%", "\r30%\r", "\ndone\n"], [f"10%{MARK}", f"20%{MARK}", f"30%{MARK}", "done"]),
        (["id 12345", ":AA\n"], [f"id {MARK}", f"{MARK}12345:AA"]),
        (["12345", ":AA\n"], ["12345:AA"]),
        (["Name: "], [f"Name: {MARK}"]),
        (["whole\n"], ["whole"]),
    ],
)
def test_after_a_pause_an_unfinished_line_is_shown(chunks: list[str], lines: list[str]) -> None:
    assert flushed(LineSplitter(before_digits, LIMIT), *chunks) == lines


def test_a_pause_in_mid_character_does_not_break_it() -> None:
    splitter = LineSplitter(any_cut, LIMIT)
    first, second = "я".encode()[:1], "я".encode()[1:]
    out = splitter.feed(b"ab" + first) + splitter.flush() + splitter.feed(second) + splitter.end()
    assert out.decode().splitlines() == [f"ab{MARK}", f"{MARK}я"]
