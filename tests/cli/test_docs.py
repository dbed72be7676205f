"""docs/botctl.md and the help tell of every verb, option and exit code that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from supervisor.cli.exits import Exit
from supervisor.cli.main import app
from tests.cli.conftest import ROOT

DOCS = (ROOT / "docs" / "botctl.md").read_text(encoding="utf-8")
VERBS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]


def chapter(verb: str) -> str:
    found = re.search(rf"^### {re.escape(verb)}\n(.*?)(?=^##)", DOCS, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def options() -> Iterator[tuple[str, str]]:
    for verb, command in VERBS.items():
        for parameter in command.params:
            names = parameter.opts if parameter.param_type_name == "option" else []
            yield from ((verb, name) for name in names if name not in ("-h", "--help"))


def test_the_issue_s_verbs_are_all_there() -> None:
    expected = "up check plan reload status ls logs start stop restart incidents unlock simulate read-log version"
    assert set(VERBS) == {*expected.split(), "rivals", "doctor"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_chapter_and_a_line_in_the_help(verb: str) -> None:
    assert chapter(verb), f"docs/botctl.md has no chapter '### {verb}'"
    overview = CliRunner().invoke(app, ["-h"]).output
    assert re.search(rf"^  {verb} +\S", overview, re.MULTILINE)


@pytest.mark.parametrize(("verb", "option"), list(options()))
def test_every_option_is_in_its_verb_s_chapter(verb: str, option: str) -> None:
    assert re.search(rf"`{option}[ `|]", chapter(verb)), f"docs/botctl.md: {verb} does not tell of {option}"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_verb_has_help_with_the_exit_codes(verb: str, flag: str) -> None:
    done = CliRunner().invoke(app, [verb, flag])
    assert done.exit_code == 0
    assert "Exit codes: 0 done" in done.output


@pytest.mark.parametrize("code", list(Exit))
def test_every_exit_code_is_explained(code: Exit) -> None:
    assert re.search(rf"^\| {code.value} \| \w", DOCS, re.MULTILINE)
    overview = " ".join(CliRunner().invoke(app, ["-h"]).output.split())
    assert re.search(rf"\b{code.value} \w", overview.partition("Exit codes:")[2])


def test_nothing_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^### (\S+)$", DOCS, re.MULTILINE)) == set(VERBS)
    for verb, command in VERBS.items():
        real = {name for parameter in command.params for name in parameter.opts}
        told = set(re.findall(r"`(--[a-z-]+)", chapter(verb)))
        assert told <= real | {"--help"}, verb


def test_the_overview_cuts_no_sentence_short() -> None:
    assert "..." not in CliRunner().invoke(app, ["-h"]).output.replace("[ARGS]...", "")
