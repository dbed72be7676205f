"""How the server reads its arguments [S: Client.cpp get_integer_arg, to_bool, get_allowed_update_types].

Leniently: a number out of range is moved into it and garbage counts as 0; nothing is refused here.
"""

import json
import re

from supervisor.simulator.rules.kinds import ALL_KINDS, DEFAULT_KINDS

INT32_MAX = 2**31 - 1
_INTEGER = re.compile(r"\s*(-?\d+)")


def integer(args: dict[str, str], name: str, default: int, low: int = -INT32_MAX - 1, high: int = INT32_MAX) -> int:
    """The argument as a number clamped to low..high; `default` when it is absent or empty."""
    text = args.get(name, "")
    if not text:
        return default
    match = _INTEGER.match(text)
    # int() refuses thousands of digits; anything that long is out of range anyway.
    value = int(match[1][:20]) if match else 0
    return max(low, min(high, value))


def boolean(args: dict[str, str], name: str) -> bool:
    """True for true, yes and 1 in any case; everything else is false."""
    return args.get(name, "").strip().lower() in {"true", "yes", "1"}


def allowed_kinds(args: dict[str, str]) -> frozenset[str] | None:
    """The kinds of update asked for, or None when the setting stays as it is."""
    try:
        names = json.loads(args.get("allowed_updates", ""))
    except (ValueError, RecursionError):
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(name.lower() for name in names) & ALL_KINDS or DEFAULT_KINDS
