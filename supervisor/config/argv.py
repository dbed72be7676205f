"""A command line without a shell: split as a shell splits words, refused where only a shell could go on."""

from __future__ import annotations

import re
import shlex

_ASSIGNMENT = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=")
_OPERATORS = ("&&", "||", "$(", ">>", "<<", "|", ";", "&", ">", "<", "`")
_SHELL = 'give it to one: ["sh", "-c", "..."]'


def split(text: str) -> tuple[str, ...]:
    """The words of `text`. Raises ValueError for an empty line, an open quote, or something meant for a shell."""
    if assignment := _ASSIGNMENT.match(text):
        name = assignment[1]
        raise ValueError(
            f"begins with {name}=..., which only a shell understands: write it as `env: {{{name}: ...}}`"
        )
    if operator := shell_operator(text):
        raise ValueError(
            f"holds {operator}, and no shell will read it: {_remedy(text, operator)}{_SHELL}, or put quotes around it"
        )
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        what = "a quote that is never closed" if "quot" in str(error) else "a backslash with nothing after it"
        raise ValueError(f"has {what}") from None
    if not words or not words[0]:
        raise ValueError("is empty: write for example `python bot.py`")
    return words


def _remedy(text: str, operator: str) -> str:
    first = text.split(None, 1)[0]
    if operator == "&&" and first == "cd":
        return "use `cwd:` for the folder, or "
    if operator == "&&" and first in ("source", "."):
        return "use `venv:` for the virtual environment, or "
    if operator == "&" and text.rstrip().endswith("&"):
        return "leave the & out (the supervisor waits for the bot), or "
    return ""


def shell_operator(text: str) -> str | None:
    """The first thing in `text`, outside quotes, that a shell would act on."""
    quote, position = "", 0
    while position < len(text):
        char = text[position]
        if char == "\\" and quote != "'":
            position += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        else:
            for operator in _OPERATORS:
                if text.startswith(operator, position):
                    return operator
        position += 1
    return None
