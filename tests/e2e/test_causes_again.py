"""The diagnosis is right twenty times out of twenty, not most of the time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.causes import STORIES, all_at_once, check, told, why_untold

TURNS = int(os.environ.get("TURNS", "20"))


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("turn", range(1, TURNS + 1))
async def test_every_cause_is_named(turn: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    wrong: dict[str, str] = {}
    async with all_at_once(tmp_path_factory.mktemp("causes"), tmp_path_factory.mktemp("pm2")) as ward:
        for name in STORIES:
            if why_untold(name):
                continue
            try:
                story = await told(ward.stories, name)
                note(turn, name, story.found)
                check(name, story)
            except AssertionError as error:
                wrong[name] = str(error)
    assert wrong == {}
    assert ward.probes.complaints == []


def note(turn: int, name: str, found: dict[str, object]) -> None:
    """Into the file CAUSES_SEEN, where one is wanted: the table of docs/conflicts.md is made from these lines."""
    if place := os.environ.get("CAUSES_SEEN"):
        with Path(place).open("a") as file:
            file.write(json.dumps({"turn": turn, "name": name, "diagnosis": found}) + "\n")
