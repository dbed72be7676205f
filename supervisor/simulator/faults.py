"""Faults on demand: a Telegram that is slow, refuses, breaks or is not there. Pure; times in real seconds.

The referee orders a fault, optionally for one bot, one method, some seconds or a number of requests. Requests that
a fault answers never reach the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = ("slow", "429", "500", "502", "401", "unreachable")
DEFAULT_DELAY: Final = 5.0
DEFAULT_RETRY_AFTER: Final = 5
_KEYS: Final = {"kind", "bot_id", "method", "seconds", "delay", "count", "retry_after"}


class BadFault(ValueError):
    """The order cannot be understood; the text says why."""


@dataclass
class Fault:
    """One fault in force."""

    kind: str
    bot_id: int | None
    method: str | None
    until: float | None
    left: int | None
    delay: float
    retry_after: int

    def covers(self, now: float, bot_id: int | None, method: str) -> bool:
        """Whether a request meets this fault."""
        return (
            self.bot_id in (None, bot_id)
            and self.method in (None, method)
            and (self.until is None or now < self.until)
            and (self.left is None or self.left > 0)
        )

    def show(self, now: float) -> dict[str, Any]:
        """The fault for the referee."""
        return {
            "kind": self.kind,
            "bot_id": self.bot_id,
            "method": self.method,
            "seconds_left": None if self.until is None else round(self.until - now, 3),
            "requests_left": self.left,
        }


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def order(self, now: float, order: Mapping[str, Any]) -> Fault | None:
        """Begin a fault; `none` ends those of the bot, or all, and gives None. Raises BadFault."""
        unknown = set(order) - _KEYS
        if unknown:
            raise BadFault(f"unknown keys: {', '.join(sorted(unknown))}; a fault takes {', '.join(sorted(_KEYS))}")
        kind = str(order.get("kind"))
        bot_id = _number(order, "bot_id")
        if kind == "none":
            self._faults = [fault for fault in self._faults if bot_id not in (None, fault.bot_id)]
            return None
        if kind not in KINDS:
            raise BadFault(f"kind {kind!r} is none of {', '.join(KINDS)}, none")
        seconds = _seconds(order, "seconds")
        delay = _seconds(order, "delay")
        if kind == "slow" and delay is None:
            delay, seconds = DEFAULT_DELAY if seconds is None else seconds, None
        method = order.get("method")
        retry_after = _number(order, "retry_after")
        fault = Fault(
            kind,
            bot_id,
            None if method is None else str(method).lower(),
            None if seconds is None else now + seconds,
            _number(order, "count"),
            delay or 0.0,
            DEFAULT_RETRY_AFTER if retry_after is None else retry_after,
        )
        self._faults.append(fault)
        return fault

    def meet(self, now: float, bot_id: int | None, method: str) -> tuple[float, Fault | None]:
        """What a request meets: seconds to wait first, and the fault that answers it, if any."""
        self._faults = [f for f in self._faults if f.covers(now, f.bot_id, f.method or "")]
        delay, answer = 0.0, None
        for fault in self._faults:
            if not fault.covers(now, bot_id, method) or (fault.kind != "slow" and answer):
                continue
            if fault.left is not None:
                fault.left -= 1
            if fault.kind == "slow":
                delay += fault.delay
            else:
                answer = fault
        return delay, answer

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def show(self, now: float) -> list[dict[str, Any]]:
        """All faults in force, for the referee."""
        return [f.show(now) for f in self._faults if f.covers(now, f.bot_id, f.method or "")]


def _number(order: Mapping[str, Any], key: str) -> int | None:
    value = order.get(key)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BadFault(f"{key} must be a whole number") from None


def _seconds(order: Mapping[str, Any], key: str) -> float | None:
    value = order.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise BadFault(f"{key} must be a number of seconds, 0 or more")
    return float(value)
