"""Who the token is, by getMe: valid, rejected, malformed, or not to be told because Telegram did not answer."""

from __future__ import annotations

from supervisor.doctor.patient import Patient
from supervisor.errors import TelegramError
from supervisor.model.findings import Finding, Level
from supervisor.telegram import Identity, TokenRejected, Unreachable


def judge_identity(patient: Patient, answer: Identity | TelegramError) -> Finding:
    bot_id, again = patient.spec.token_id, f"botctl doctor {patient.name}    # again, later"
    match answer:
        case Identity(id=known, username=username) if known == bot_id:
            return patient.found("token", Level.OK, f"valid: @{username} ({bot_id})")
        case Identity(id=known, username=username):
            told = f"the server at `api_url` says that bot {bot_id} is @{username} ({known}): is it the right one?"
            return patient.found("token", Level.WARNING, told, "botctl check")
        case TokenRejected():
            return patient.found("token", Level.PROBLEM, _rejected(bot_id, str(answer)), _fresh(patient.name))
        case Unreachable():
            return patient.found("token", Level.UNKNOWN, f"getMe: {answer}", again)
    return patient.found("token", Level.UNKNOWN, f"getMe was refused: {answer}", again)


def _rejected(bot_id: int, words: str) -> str:
    # api.telegram.org answers 404 where it cannot even read the token, 401 where it knows it no longer.
    if "not found" in words.lower():
        return f"malformed: Telegram cannot read the token of bot {bot_id}; a part of it is mistyped or missing"
    return f"rejected: Telegram does not accept the token of bot {bot_id}; it was revoked, or is mistyped"


def _fresh(name: str) -> str:
    return f"ask @BotFather: /token, choose the bot; put it where bots.yaml takes it from; botctl restart {name}"
