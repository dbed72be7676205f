"""The webhook as getWebhookInfo tells it, and whether it fits the bot's mode. Pure.

getWebhookInfo never says whether somebody polls, and its last error stays until the webhook is set anew, so an old
one means little (tdlib/telegram-bot-api, Client.cpp and WebhookActor.cpp). Of an address only the host is shown: the
path is often a secret.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from supervisor.doctor.patient import Patient, counted, span
from supervisor.model.findings import Finding, Level
from supervisor.model.status import Phase
from supervisor.telegram import WebhookInfo

RECENT = 3600.0
"""Seconds: an older error of a webhook is history unless updates still wait."""


def judge_webhook(patient: Patient, info: WebhookInfo, now: float) -> list[Finding]:
    """`now` is Unix seconds."""
    return [_mode(patient, info), *([_delivery(patient, info, now)] if info.url else [])]


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an unreadable address"
    except ValueError:
        return "an unreadable address"


def _mode(patient: Patient, info: WebhookInfo) -> Finding:
    if patient.is_web:
        return _web(patient, info)
    if not info.url:
        return patient.found("mode", Level.OK, "worker, and no webhook is set: it can poll")
    return patient.found(
        "mode",
        Level.PROBLEM,
        f"worker, but a webhook is set at {host_of(info.url)}: its polls get a 409, the updates go there",
        f"botctl unlock {patient.name}    # or, if another deployment owns this bot, a token of its own for this one",
    )


def _web(patient: Patient, info: WebhookInfo) -> Finding:
    status = patient.status
    if info.url:
        named = _named_by(patient, info.url)
        whose = f"which its {named} names" if named else "which nothing in its environment names: its own or not"
        return patient.found("mode", Level.OK, f"web, and a webhook is set at {host_of(info.url)}, {whose}")
    if status is None or status.state is not Phase.UP:
        return patient.found("mode", Level.OK, "web, and no webhook is set; it may set one when it starts")
    return patient.found(
        "mode",
        Level.WARNING,
        f"web, up for {span(status.uptime_s or 0)}, and no webhook is set: Telegram sends nothing to its port. "
        "Either it polls and the port is only for show, or it failed to set its webhook",
        f"mode: worker in bots.yaml, if it polls; else botctl logs {patient.name} -n 50",
    )


def _named_by(patient: Patient, url: str) -> str:
    """The variable of the bot that names the webhook's host, such as WEBHOOK_URL or PUBLIC_HOST."""
    host = host_of(url)
    for name, value in patient.spec.run.env.items():
        if host == value or host == host_of(value if "//" in value else f"//{value}"):
            return name
    return ""


def _delivery(patient: Patient, info: WebhookInfo, now: float) -> Finding:
    waiting = f"{counted(info.pending, 'update')} waiting"
    if not info.last_error:
        return patient.found("webhook", Level.OK, f"{host_of(info.url)}: no error since it was set, {waiting}")
    age = now - info.last_error_at if info.last_error_at is not None else 0.0
    told = f"{host_of(info.url)}: last error {span(max(age, 0))} ago ({info.last_error}), {waiting}"
    if age > RECENT and not info.pending:
        return patient.found("webhook", Level.OK, f"{told}: delivery went on since")
    level = Level.PROBLEM if info.pending and age <= RECENT else Level.WARNING
    return patient.found("webhook", level, told, f"curl -v https://{host_of(info.url)}/    # from another machine")
