"""What runs is what was tested: both locks name the same versions."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_lock_for_tests_contains_the_lock_for_running() -> None:
    running, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert running.items() <= tests.items()
    assert {"aiohttp", "pydantic"} <= running.keys()
    assert "pytest" not in running


def test_every_file_that_is_installed_has_a_hash() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        entries = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
        assert len(entries) == len(pins(lock))
        assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
