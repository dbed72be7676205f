"""From the evidence of an incident to a diagnosis that claims no more than was seen.

What may be concluded from what is from the server's source (tdlib/telegram-bot-api): a 409 "terminated by
other getUpdates" always means that another blocking getUpdates came later than ours; a quiet probe means only
that nobody began one while it was held.
"""

from __future__ import annotations

from supervisor.core.evidence import Trouble
from supervisor.model.incidents import Cause, Diagnosis
from supervisor.model.rivals import Rival

REVOKE = (
    "if it cannot be found, revoke the token: @BotFather, /revoke, choose the bot, put the new token into bots.yaml"
)


def diagnose(trouble: Trouble, token_id: int) -> Diagnosis:
    """The most certain reading first: a webhook that returns, a rival that a probe met, a loop of our own."""
    last = trouble.probes[-1] if trouble.probes else None
    if trouble.returns:
        return _webhook_returns(trouble)
    if last is not None and last.rival:
        return _rival(trouble, token_id)
    if trouble.quiet and not trouble.met:
        return _inner_loop(trouble)
    return _undecided(trouble, token_id)


def overlap(trouble: Trouble, seconds: float) -> Diagnosis | None:
    """A rival that was met and then was gone by itself, as a deploy that overlaps is; None where none was met."""
    if not trouble.met or (trouble.probes and trouble.probes[-1].rival):
        return None
    return Diagnosis(
        Cause.OVERLAP,
        f"another poller was there and was gone within {_span(seconds)}: a deploy that overlapped, or a short trial",
        (*trouble.seen(), *trouble.probing()),
        ("which program it was",),
        ("nothing to do; if it comes with each deploy, let the old copy end before the new one starts",),
    )


def _webhook_returns(trouble: Trouble) -> Diagnosis:
    host = trouble.returns[-1]
    return Diagnosis(
        Cause.WEBHOOK_RESET,
        f"something keeps setting a webhook at {host}; it is not one of ours",
        (
            *trouble.seen(),
            f"after deleteWebhook, getWebhookInfo showed a webhook at {host} again, {len(trouble.returns)} time(s)",
            *trouble.spotted(),
        ),
        ("Telegram does not tell who sets it",),
        (
            f"find the program that calls setWebhook with {host} and stop it, or let that one run the bot",
            REVOKE,
        ),
    )


def _rival(trouble: Trouble, token_id: int) -> Diagnosis:
    here = sorted((rival for rival in trouble.rivals if rival.place.proves), key=lambda rival: not rival.connected)
    if here:
        return _rival_here(trouble, here)
    hidden = trouble.sighting.unread if trouble.sighting else ("this host was not searched",)
    where = "a poller uses the same token, and no process that could be read here has it"
    return Diagnosis(
        Cause.RIVAL,
        f"{where}: it probably runs outside this host" if not hidden else f"{where}; not all could be read",
        (*trouble.seen(), *trouble.probing(), *_looked(trouble)),
        (
            "Telegram tells neither its address nor its name",
            *(f"not read here: {what}" for what in hidden),
        ),
        (
            (
                f"think of where else bot {token_id} was ever started: another server, a laptop, a container, "
                "a hosted deploy (Render and Railway start the new instance before the old one ends)"
            ),
            REVOKE,
        ),
    )


def _rival_here(trouble: Trouble, here: list[Rival]) -> Diagnosis:
    return Diagnosis(
        Cause.RIVAL,
        f"another program on this host uses the same token: {here[0]}",
        (
            *trouble.seen(),
            *trouble.probing(),
            *(f"{rival} {rival.proof}" for rival in here),
        ),
        ("that it is this one which polls: having the token is not polling, but nothing else here has it",),
        tuple(dict.fromkeys(command for rival in here for command in rival.owner.stop)) or (REVOKE,),
    )


def _inner_loop(trouble: Trouble) -> Diagnosis:
    return Diagnosis(
        Cause.INNER_LOOP,
        "no rival was seen while we were silent: the second poller is probably inside this bot",
        (*trouble.seen(), *trouble.probing(), *trouble.connected(), *trouble.spotted(), *_looked(trouble)),
        (
            (
                "a rival that pauses longer than a probe was held, that starts and stops together with this bot, "
                "or that polls without waiting (timeout 0) is not seen by a probe"
            ),
        ),
        tuple(dict.fromkeys(spot.advice for spot in trouble.spots if spot.suspect))
        or (
            (
                "look for two polling loops in the bot's code: polling started twice, several workers, a reloader, "
                "a reconnect or a health check that calls getUpdates"
            ),
            "one instance only: pm2 `instances: 1`, gunicorn/uvicorn `--workers 1`, Flask `use_reloader=False`",
        ),
    )


def _undecided(trouble: Trouble, token_id: int) -> Diagnosis:
    probing = trouble.probing() or ("no probe could be made",)
    return Diagnosis(
        Cause.UNKNOWN,
        "the conflict comes back, and what was seen does not tell from where",
        (*trouble.seen(), *probing, *trouble.connected(), *_looked(trouble), *trouble.spotted()),
        ("whether the second poller is inside this bot, on this host or elsewhere",),
        (
            f"make sure that nothing else uses bot {token_id}, and that the bot's code polls once",
            "`botctl doctor BOT --probe` while the bot is stopped asks Telegram again",
        ),
    )


def _looked(trouble: Trouble) -> tuple[str, ...]:
    if trouble.sighting is None:
        return ()
    if trouble.rivals:
        return tuple(f"{rival} {rival.proof}" for rival in trouble.rivals)
    return ("no other process or container that could be read on this host has the token",)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
