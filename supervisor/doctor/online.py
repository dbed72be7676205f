"""What Telegram says of each bot: token, webhook, mode, backlog, and the probe. Only getMe, getWebhookInfo, and for
the probe getUpdates without an offset: nothing is confirmed or changed by any of them (tdlib/telegram-bot-api).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from supervisor.doctor.backlog import judge_backlog
from supervisor.doctor.identity import judge_identity
from supervisor.doctor.patient import Patient
from supervisor.doctor.pause import NotSilent, Steers, silence
from supervisor.doctor.probe import QUICK, Form, judge_probe, probe
from supervisor.doctor.supervisor import lease_is_ours
from supervisor.doctor.webhook import judge_webhook
from supervisor.errors import LeaseHeld, SupervisorError, TelegramError
from supervisor.leases import LeaseUnavailable
from supervisor.model.findings import Finding, Level
from supervisor.telegram import BotApi

Result = TypeVar("Result")

CALL = 8.0
"""Seconds for one call."""
BETWEEN = 2.0
"""Seconds between the two looks at the backlog."""


@dataclass(frozen=True, slots=True)
class Probing:
    """How to probe. `steers` is the running supervisor where its user agreed to a pause, else None."""

    form: Form = QUICK
    steers: Steers | None = None
    complain: Callable[[str], None] = print


async def ask_telegram(patient: Patient, between: float = BETWEEN) -> tuple[list[Finding], bool]:
    """The findings, and whether the token is good: only then is a probe worth a pause. `between`: seconds."""
    run = patient.spec.run
    async with BotApi(run.token, patient.api_url, run.proxy) as api:
        who, info = await asyncio.gather(_answer(api.get_me()), _answer(api.webhook()))
        found = [judge_identity(patient, who)]
        if isinstance(who, TelegramError) or isinstance(info, TelegramError):
            if not isinstance(who, TelegramError):
                found.append(patient.found("webhook", Level.UNKNOWN, f"getWebhookInfo: {info}"))
            return found, not isinstance(who, TelegramError)
        found += judge_webhook(patient, info, time.time())
        await asyncio.sleep(between)
        later = await _answer(api.webhook())
        if isinstance(later, TelegramError):
            found.append(patient.found("backlog", Level.UNKNOWN, f"getWebhookInfo: {later}"))
        else:
            found.append(judge_backlog(patient, info.pending, later.pending, between))
    return found, True


async def _answer(call: Awaitable[Result]) -> Result | TelegramError:
    try:
        async with asyncio.timeout(CALL):
            return await call
    except TelegramError as error:
        return error
    except TimeoutError:
        return TelegramError(f"no answer within {CALL:g} s")


async def probe_bot(patient: Patient, probing: Probing) -> list[Finding]:
    """The probe, only where no supervisor of this host can run the bot meanwhile."""
    ours = lease_is_ours(patient.status)
    if ours and probing.steers is None:
        told = "not made: our own run would be what it meets; it takes a pause of the bot"
        return [patient.found("probe", Level.UNKNOWN, told, f"botctl doctor {patient.name} --probe --yes")]
    run = patient.spec.run
    again = f"botctl doctor {patient.name} --probe"
    try:
        async with (
            silence(patient, probing.steers if ours else None, probing.complain),
            BotApi(run.token, patient.api_url, run.proxy) as api,
        ):
            return judge_probe(patient, probing.form, await probe(api, probing.form))
    except LeaseHeld as error:
        told = f"not made: another supervisor here runs the bot ({error.holder}), it would meet that one"
        return [patient.found("probe", Level.UNKNOWN, told, f"stop it there, then {again}")]
    except (LeaseUnavailable, NotSilent) as error:
        return [patient.found("probe", Level.UNKNOWN, f"not made: {error}", "botctl status")]
    except SupervisorError as error:
        return [patient.found("probe", Level.UNKNOWN, f"not finished: {error}", again)]
