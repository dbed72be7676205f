"""Names of bots as people type them: exact, or a pattern of the shell (`shop-*`).

Used by the control API and by the command line, so that both say the same about a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supervisor.errors import SupervisorError


class UnknownBot(SupervisorError):
    """No bot is called `name`; `hint` names the likely one, or all of them."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.hint = suggest(name, sorted(known))
        super().__init__(f'no bot is called "{name}"')


def suggest(name: str, known: Sequence[str]) -> str:
    """What to try instead of `name`: the nearest of `known`, or the whole list while it is short."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if not known:
        return "there are no bots yet: add one under `bots:` in bots.yaml"
    some = ", ".join(known[:12])
    return f"the bots are: {some}" + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def pick(patterns: Iterable[str], known: Sequence[str]) -> list[str]:
    """The names in `known` that `patterns` mean, each once, in the order asked for.

    Raises UnknownBot for a name, or a pattern, that means nothing.
    """
    from fnmatch import fnmatchcase

    found: dict[str, None] = {}
    for pattern in patterns:
        names = [pattern] if pattern in known else [name for name in known if fnmatchcase(name, pattern)]
        if not names:
            raise UnknownBot(pattern, known)
        found.update(dict.fromkeys(names))
    return list(found)
