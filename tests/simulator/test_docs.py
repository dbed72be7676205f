"""The page on the simulator names everything the referee shows and takes."""

from pathlib import Path

from supervisor.simulator.faults import KINDS
from tests.simulator.live import Live

PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


async def test_every_key_is_documented(live: Live) -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables = "\n".join(line for line in page.splitlines() if line.startswith("|"))
    keys = set(await live.bot()) - {"status"}
    assert {key for key in keys if f"`{key}`" not in tables} == set()
    assert {kind for kind in KINDS if f"`{kind}`" not in page} == set()
