"""The whole examination: a check that fails or hangs, what must never be shown, and that the docs know all."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from supervisor.doctor import examine as examination
from supervisor.doctor.examine import examine
from supervisor.doctor.leaks import Place
from supervisor.leases import LEASE_DIR_VARIABLE
from supervisor.model.findings import Finding, Level
from supervisor.model.rivals import Sighting
from supervisor.rivals.host import HostEyes
from tests.doctor.stage import TOKEN, patient, visit

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"


class FailingEyes(HostEyes):
    def __init__(self) -> None:
        pass

    async def sight(
        self, tokens: Mapping[int, str], api_urls: Mapping[int, str] | None = None, *, anew: bool = False
    ) -> Sighting:
        raise RuntimeError(f"cannot read bot{TOKEN}")


class HangingEyes(FailingEyes):
    async def sight(
        self, tokens: Mapping[int, str], api_urls: Mapping[int, str] | None = None, *, anew: bool = False
    ) -> Sighting:
        await asyncio.to_thread(threading.Event().wait)
        return Sighting()


@pytest.fixture(autouse=True)
def leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEASE_DIR_VARIABLE, str(tmp_path / "leases"))


async def found_by(eyes: HostEyes, folder: Path) -> list[Finding]:
    return await examine(visit(folder, patient(url=NOWHERE)), eyes, None, lambda _: None)


async def test_a_check_that_fails_is_not_the_end_and_its_secret_stays_inside(tmp_path: Path) -> None:
    found = await found_by(FailingEyes(), tmp_path)
    [failed] = [each for each in found if each.check == "rivals"]
    assert (failed.level, "RuntimeError" in failed.evidence) == (Level.UNKNOWN, True)
    assert "[redacted]" in failed.evidence
    assert not any("Fake" in each.evidence + each.remedy for each in found)
    assert {"way", "token", "rights", "lease"} <= {each.check for each in found}


async def test_one_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "LONGEST", 2.0)
    found = await found_by(HangingEyes(), tmp_path)
    assert [each.evidence for each in found if each.check == "rivals"] == ["not finished within 2 s"]
    assert [each.level for each in found if each.check == "way"] == [Level.PROBLEM]


async def test_the_host_comes_first(tmp_path: Path) -> None:
    bots = [each.bot for each in await found_by(FailingEyes(), tmp_path)]
    assert bots == sorted(bots)
    assert bots[0] == ""


def test_every_check_is_in_the_docs() -> None:
    docs = (ROOT / "docs" / "doctor.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "supervisor" / "doctor").glob("*.py"))
    checks = set(re.findall(r'(?:\.found|of_host)\(\s*"([\w.]+)"', source)) | {str(place) for place in Place}
    assert len(checks) > 15
    assert {check for check in checks if f"`{check}`" not in docs} == set()
