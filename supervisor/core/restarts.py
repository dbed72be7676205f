"""After a run ended by itself: start again after so many seconds, or leave it, and why. Arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass

from supervisor.model.bots import RestartPolicy, RestartWhen
from supervisor.model.runs import Exit


@dataclass(frozen=True, slots=True)
class Again:
    """Start again after `delay` seconds; `failures` in a row is what the next decision builds on."""

    delay: float
    failures: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The policy wants no new start."""

    reason: str


def after_exit(policy: RestartPolicy, exit_: Exit, uptime: float, failures: int) -> Again | Finished:
    """Decide by policy, how it ended, and how long it was up; code 0 is not success under `always`.

    Exit code 0 says little: pyTelegramBotAPI's polling(), telegraf 3 and others end a conflict with it.
    """
    if policy.policy is RestartWhen.NEVER:
        return Finished(f"{exit_}; restart: never")
    if policy.policy is RestartWhen.ON_FAILURE and exit_.clean:
        return Finished(f"{exit_}; restart: on-failure")
    return again(policy, 0 if uptime >= policy.reset_after else failures)


def again(policy: RestartPolicy, failures: int) -> Again:
    """The delay doubles with each failure in a row; the exponent is bounded so that no float overflows."""
    return Again(min(policy.delay * 2 ** min(failures, 32), policy.max_delay), failures + 1)
