"""Silence for a probe: the token's lease is ours, and a run of ours was stopped before and is started after.

Whatever ends the probe, Ctrl-C too, the bot is started again: stopping and starting are single, unhurried calls to
the supervisor, so that nothing can come between a cancelled wait and the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

from supervisor.doctor.patient import Patient
from supervisor.errors import SupervisorError
from supervisor.leases import FileLeases, Lease, default_directory
from supervisor.model.status import BotStatus, Phase

EVERY = 0.25
"""Seconds between two looks at a bot that is being stopped."""
MARGIN = 20.0
"""Seconds on top of a bot's grace for its end to be seen."""


class NotSilent(SupervisorError):
    """A run of ours could not be proved gone, so no probe may be made."""


class Steers(Protocol):
    """The running supervisor, as far as a pause needs it; each call returns at once. Raises SupervisorError."""

    def stop(self, bot: str) -> None: ...

    def start(self, bot: str) -> None: ...

    def look(self, bot: str) -> BotStatus | None: ...


@contextlib.asynccontextmanager
async def silence(patient: Patient, steers: Steers | None, complain: Callable[[str], None]) -> AsyncIterator[None]:
    """Inside, no supervisor of this host can run the bot. With `steers` its run is stopped first, started after.

    Raises LeaseHeld, LeaseUnavailable, NotSilent. `complain` is told when the bot could not be started again.
    """
    if steers is None:
        with _held(patient):
            yield
        return
    try:
        steers.stop(patient.name)
        await _gone(patient, steers)
        with _held(patient):
            yield
    finally:
        try:
            steers.start(patient.name)
        except SupervisorError as error:
            complain(f"{patient.name} could not be started again ({error}): botctl start {patient.name}")


@contextlib.contextmanager
def _held(patient: Patient) -> Iterator[Lease]:
    lease = FileLeases(default_directory(), "botctl doctor --probe").take(patient.spec.token_id, patient.name)
    try:
        yield lease
    finally:
        lease.drop()


async def _gone(patient: Patient, steers: Steers) -> None:
    limit = patient.spec.policy.stop.grace + MARGIN
    until = time.monotonic() + limit
    while True:
        status = steers.look(patient.name)
        if status is None or (status.state is Phase.OFF and status.lease is None):
            return
        if time.monotonic() > until:
            raise NotSilent(f"the bot was not off {limit:g} s after it was told to stop ({status.state})")
        await asyncio.sleep(EVERY)
