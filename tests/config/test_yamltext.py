"""Texts that are no YAML, or more YAML than anybody needs."""
# ruff: noqa: E501 (tables of messages)

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from supervisor.config import yamltext
from supervisor.config.findings import Findings
from supervisor.config.tree import Scalar, as_data, at
from supervisor.config.yamltext import read_tree
from tests.config.yard import Yard, a_bot

BOMB = "x-a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"x-{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "bots.yaml:1:1: the file is empty: it needs at least `bots:` with one bot under it"),
        ("# only a note\n", "bots.yaml:1:1: the file is empty: it needs at least `bots:` with one bot under it"),
        ("--- ~\n", "bots.yaml:1:1: the file is empty: it needs at least `bots:` with one bot under it"),
        ("- a\n", "bots.yaml:1:1: the file is a list, expected a mapping that begins with `bots:`"),
        ("hello\n", "bots.yaml:1:1: the file is a single text, expected a mapping that begins with `bots:`"),
        ("bots: {}\n---\nbots: {}\n", "bots.yaml:2:1: a second document begins here (`---`): bots.yaml is one document"),
        ("bots:\n\tnews: {}\n", "bots.yaml:2:1: this line is indented with a tab: YAML takes spaces only"),
        ("bots:\n  news:\n  \tmode: web\n", "bots.yaml:3:3: this line is indented with a tab: YAML takes spaces only"),
        (b"bots: {}\n# caf\xe9\n", "bots.yaml: is not UTF-8 (line 2): save it as UTF-8"),
        ("bots: {}".encode("utf-16"), "bots.yaml: is UTF-16: save it as UTF-8"),
        (b"bots: {}\n# \x00", "bots.yaml:2:3: holds a control character (U+0000); is this a text file?"),
        ("#" * (1024 * 1024 + 1), "bots.yaml: is larger than 1 MiB: that is not a file of settings"),
        ("bots: " + "[" * 70 + "]" * 70, "bots.yaml:1:70: is nested more than 64 levels deep"),
        ("bots: [" + "x," * 100_001 + "]", "bots.yaml:1:200002: the file has more than 100,000 values: that is not a fleet of bots"),
        (BOMB + "bots: *i\n", "bots.yaml:10:1: its aliases multiply beyond measure: write them out"),
        ("bots: &a {news: *a}\n", "bots.yaml:1:17: *a stands inside its own &a: that has no end"),
        ("bots: *a\n", "bots.yaml:1:7: *a has no &a before it (a text that begins with * needs quotes)"),
        ("bots: {}\nx-a: !!python/object/apply:os.system ['x']\n", 'bots.yaml:2:6: the tag "!!python/object/apply:os.system" is not allowed: remove it'),
        ("bots: {}\nx-a: !mine 1\n", 'bots.yaml:2:6: the tag "!mine" is not allowed: remove it'),
        ("bots: {}\nbots: {}\n", 'bots.yaml:2:1: the key "bots" is written twice, first in line 1: keep one of them'),
        ("bots: {}\n? [a]\n: 1\n", 'bots.yaml:2:3: a key must be text (`{...}` around a variable needs quotes: "${NAME}")'),
        ("bots:\n  <<: 1\n", "bots.yaml:2:7: `<<` takes a mapping, as in `<<: *common`"),
        ("bots: {}\nx-a: b: c\n", "bots.yaml:2:7: this is not YAML: mapping values are not allowed in this context (a value that holds `: ` needs quotes, and keys of one level the same indent)"),
        ("bots: {a: {env: {B: ${C}}}}\n", "bots.yaml:1:22: this is not YAML: did not find expected ',' or '}' (inside { } a variable needs quotes: {NAME: \"${NAME}\"})"),
        ("bots: {a: 'x\n", "bots.yaml:2:1: this is not YAML: found unexpected end of stream (a quote or bracket is never closed)"),
    ],
)  # fmt: skip
def test_refused(yard: Yard, text: str | bytes, problem: str) -> None:
    assert yard.problems(text) == [problem]


def test_no_file(yard: Yard) -> None:
    assert yard.problems() == ["bots.yaml: there is no such file"]
    (yard.root / "bots.yaml").mkdir()
    assert yard.problems() == ["bots.yaml: is a folder, expected a file"]


def test_a_byte_order_mark_and_windows_lines_are_fine(yard: Yard) -> None:
    assert yard.problems(b"\xef\xbb\xbf" + a_bot().replace("\n", "\r\n").encode()) == []


@pytest.mark.parametrize("text", ["yes", "0123", "1e3", "2024-01-01", "1_000", "0x1F", "1:30", "True", ".5", "off"])
def test_values_stay_the_text_that_is_written(yard: Yard, text: str) -> None:
    assert yard.bot(f"env: {{A: {text}, B: '{text}'}}").run.env == {"A": text, "B": text}


def test_anchors_and_merges(yard: Yard) -> None:
    text = (
        "x-common: &common\n  mode: worker\n  command: python3 -c pass\n  env: &env {A: 1, B: 1}\n"
        "x-more: &more {cwd: ., mode: web}\n"
        "bots:\n  news:\n    <<: [*common, *more]\n    token: ${NEWS_TOKEN}\n    env: {<<: *env, B: 2}\n"
    )
    spec = yard.load(text).bots["news"]
    assert (spec.run.mode, spec.run.env) == ("worker", {"A": "1", "B": "2"})


def test_an_unused_extension_may_hold_anything_but_tags(yard: Yard) -> None:
    assert yard.problems(a_bot() + "x-note: [1, {a: $b}]\n") == []
    assert yard.problems(a_bot() + BOMB) == []


def test_places_point_at_the_use_of_an_alias_and_the_key_of_a_merge(tmp_path: Path) -> None:
    text = "a: &a {k: v}\nb: *a\nc:\n  <<: *a\nd: [1,\n  2]\n"
    tree = read_tree(text, tmp_path, Findings())
    assert tree is not None
    places = {path: at(tree, path).place for path in (("b",), ("b", "k"), ("c", "k"), ("d", 1))}
    assert {place.field: (place.line, place.column) for place in places.values()} == {
        "b": (2, 1),
        "b.k": (1, 8),
        "c.k": (1, 8),
        "d[1]": (6, 3),
    }
    assert as_data(tree) == {"a": {"k": "v"}, "b": {"k": "v"}, "c": {"k": "v"}, "d": ["1", "2"]}


@pytest.mark.parametrize("text", ["~", "null", "Null", "NULL", ""])
def test_null_is_told_from_text(tmp_path: Path, text: str) -> None:
    tree = read_tree(f"a: {text}\nb: '{text}'\n", tmp_path, Findings())
    assert tree is not None
    assert [node.text for node in tree.entries.values() if isinstance(node, Scalar)] == [None, text]


def test_the_slow_parser_gives_the_same_problems(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    text = a_bot("cwd: [x]\nstop: {grace: soon}\ncwd: y")
    fast = yard.problems(text)
    monkeypatch.setattr(yamltext, "_LOADER", yaml.SafeLoader)
    assert yard.problems(text) == fast
    assert len(fast) == 3
