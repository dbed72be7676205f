"""From the evidence of an incident to a diagnosis that claims no more than was seen.

What may be concluded from what is from the server's source (tdlib/telegram-bot-api): a 409 "terminated by
other getUpdates" always means that another blocking getUpdates came later than ours; a quiet probe means only
that nobody began one while it was held.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from supervisor.core.steps import Probed
from supervisor.model.incidents import Cause, Diagnosis
from supervisor.model.signs import SignKind


@dataclass(slots=True)
class Trouble:
    """The evidence of one incident: `rounds` counts stops for it, `returns` are hosts of webhooks that came back."""

    rounds: int = 0
    signs: list[SignKind] = field(default_factory=list)
    probes: list[Probed] = field(default_factory=list)
    webhooks: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)


def diagnose(trouble: Trouble, token_id: int) -> Diagnosis:
    """The most certain reading first: a webhook that returns, a rival a probe met, a loop of our own."""
    seen = (f"{len(trouble.signs)} conflict(s) in the bot's own log: {_kinds(trouble.signs)}",)
    last = trouble.probes[-1] if trouble.probes else None
    if trouble.returns:
        return _webhook_returns(trouble, seen)
    if last is not None and last.rival:
        return _rival(trouble, seen, token_id)
    quiet = [probe for probe in trouble.probes if not probe.rival and not probe.waiting]
    if quiet and not any(probe.rival for probe in trouble.probes):
        return _inner_loop(quiet, seen)
    return _undecided(trouble, seen, token_id)


def _webhook_returns(trouble: Trouble, seen: tuple[str, ...]) -> Diagnosis:
    host = trouble.returns[-1]
    return Diagnosis(
        Cause.WEBHOOK_RESET,
        f"something keeps setting a webhook at {host}",
        (
            *seen,
            f"after deleteWebhook, getWebhookInfo showed a webhook at {host} again, {len(trouble.returns)} time(s)",
        ),
        ("Telegram does not tell who sets it",),
        (
            f"find the program that calls setWebhook with {host} and stop it, or let that one run the bot",
            "if nobody knows it, revoke the token with @BotFather (/revoke) and put the new one into bots.yaml",
        ),
    )


def _rival(trouble: Trouble, seen: tuple[str, ...], token_id: int) -> Diagnosis:
    met = sum(probe.rival for probe in trouble.probes)
    return Diagnosis(
        Cause.RIVAL,
        "a poller outside this supervisor uses the same token",
        (
            *seen,
            f"with our own run gone, {met} of {len(trouble.probes)} probe(s) were ended by another getUpdates",
        ),
        ("Telegram tells neither its address nor its name; it may be on this host or on any other",),
        (
            (
                f"stop the other program that uses bot {token_id}: a left-over process, pm2, systemd, a container, "
                "a deployment elsewhere, a laptop"
            ),
            "if it cannot be found, revoke the token with @BotFather (/revoke) and put the new one into bots.yaml",
        ),
    )


def _inner_loop(quiet: list[Probed], seen: tuple[str, ...]) -> Diagnosis:
    held = ", ".join(f"{probe.seconds:g} s" for probe in quiet)
    return Diagnosis(
        Cause.INNER_LOOP,
        "no rival was seen while we were silent: the second poller is probably inside this bot",
        (*seen, f"with our own run stopped, {len(quiet)} probe(s) of {held} met no other poller"),
        (
            (
                "a rival that pauses longer than a probe was held, that starts and stops together with this bot, "
                "or that polls without waiting (timeout 0) is not seen by a probe"
            ),
        ),
        (
            (
                "look for two polling loops in the bot's code: polling started twice, several workers, a reloader, "
                "a reconnect or a health check that calls getUpdates"
            ),
            "one instance only: pm2 `instances: 1`, gunicorn/uvicorn `--workers 1`, Flask `use_reloader=False`",
        ),
    )


def _undecided(trouble: Trouble, seen: tuple[str, ...], token_id: int) -> Diagnosis:
    waiting = sum(probe.waiting for probe in trouble.probes)
    met = sum(probe.rival for probe in trouble.probes)
    evidence = (
        [f"{waiting} probe(s) were answered at once with waiting updates, which proves nothing"] if waiting else []
    )
    evidence += [f"{met} of {len(trouble.probes)} probe(s) met another poller, the last one did not"] if met else []
    if not trouble.probes:
        evidence.append("no probe could be made")
    return Diagnosis(
        Cause.UNKNOWN,
        "the conflict comes back, and what was seen does not tell from where",
        (*seen, *evidence),
        ("whether the second poller is inside this bot, on this host or elsewhere",),
        (
            f"make sure that nothing else uses bot {token_id}, and that the bot's code polls once",
            "`botctl unlock BOT --probe` while the bot is stopped asks Telegram again",
        ),
    )


def _kinds(signs: list[SignKind]) -> str:
    return ", ".join(f"{signs.count(kind)} x {kind}" for kind in dict.fromkeys(signs)) or "none"
