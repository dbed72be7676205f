"""Five causes and an overlap, made for real: the diagnosis names the right one, with its evidence and its command."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.causes import MARKS, STORIES, Ward, all_at_once, check, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ward(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ward]:
    async with all_at_once(tmp_path_factory.mktemp("causes"), tmp_path_factory.mktemp("pm2")) as ward:
        yield ward


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, [])) for name in STORIES])
async def test_the_cause_is_named_with_its_evidence_and_its_command(ward: Ward, name: str) -> None:
    check(name, await told(ward.stories, name))


@pytest.mark.parametrize("name", ["elsewhere", "webhook", "overlap"])
async def test_nothing_that_was_done_lost_or_dropped_an_update(ward: Ward, name: str) -> None:
    report = (await told(ward.stories, name)).report
    assert (report["lost"], report["dropped"], report["pending"]) == (0, 0, 0)
    assert report["confirmed"] == report["received"] == 2


async def test_no_probe_was_held_beside_a_run_of_ours(ward: Ward) -> None:
    for name in ("elsewhere", "overlap"):
        await told(ward.stories, name)
    assert ward.probes.seen >= 3
    assert ward.probes.complaints == []
