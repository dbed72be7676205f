"""`botctl read-log`: the eyes of the supervisor on anybody's log."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from supervisor.cli.exits import Failed, masked
from supervisor.cli.terminal import has_colours, paint
from supervisor.logs.signs import read_signs
from supervisor.model.signs import Sign

COLOUR = {"unauthorized": "red", "flood": "yellow", "network": "yellow", "bad_webhook": "yellow"}


def show_signs(file: Path, *, as_json: bool) -> None:
    """Print each sign in `file` (`-`: standard input), in order, and how many of each kind there were."""
    signs = read_signs(_text(file))
    if as_json:
        told = [
            {"kind": sign.kind, "excerpt": masked(sign.excerpt), "retry_after": sign.retry_after} for sign in signs
        ]
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for sign in signs:
        print(_line(sign, colours=has_colours()))
    counts = {kind: sum(sign.kind == kind for sign in signs) for kind in dict.fromkeys(sign.kind for sign in signs)}
    text = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing that the supervisor reacts to"
    print(text, file=sys.stderr)


def _line(sign: Sign, *, colours: bool) -> str:
    wait = f" (retry after {sign.retry_after:g} s)" if sign.retry_after is not None else ""
    kind = paint(f"{sign.kind:<23}", COLOUR.get(sign.kind, "magenta"), colours=colours)
    return f"{kind} {masked(sign.excerpt)}{wait}"


def _text(file: Path) -> str:
    try:
        if str(file) != "-":
            return file.read_text(encoding="utf-8", errors="replace")
        if sys.stdin.isatty():
            print("reading from the terminal: paste the log, then Ctrl-D", file=sys.stderr)
        return sys.stdin.buffer.read().decode(errors="replace")
    except OSError as error:
        raise Failed(f"cannot read {file}: {error.strerror}") from error
