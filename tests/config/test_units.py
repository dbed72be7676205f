"""Durations and sizes, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config.units import duration_text, parse_duration, parse_size, size_text
from tests.config.yard import patient


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("2m", 120),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1d", 86_400),
        ("45", 45),
        ("1.5", 1.5),
        ("0", 0),
        (" 5 min ", 300),
        ("2 hours", 7200),
        ("1h 30m", 5400),
        ("10S", 10),
    ],
)
def test_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "-3s", "nan", "inf", "1e3", "soon", "3 weeks", "1h30", "1m1m", "1,5s", "s", "367d", "9" * 40, "٣s"],
)
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="30s"):
        parse_duration(text)


@patient
@given(st.integers(min_value=0, max_value=366 * 86_400_000))
def test_every_duration_is_read_back(milliseconds: int) -> None:
    assert parse_duration(duration_text(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10MB", 10_000_000),
        ("512MiB", 512 * 1024**2),
        ("10k", 10_000),
        ("1g", 10**9),
        ("1 KiB", 1024),
        ("4096", 4096),
        ("1.5MB", 1_500_000),
        ("2ki", 2048),
        ("7B", 7),
    ],
)
def test_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "10 bananas", "1MB2kB", "nan", "2TB", "9" * 30])
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="10MB"):
        parse_size(text)


@patient
@given(st.integers(min_value=0, max_value=10**12))
def test_every_size_is_read_back(size: int) -> None:
    assert parse_size(size_text(size)) == size
