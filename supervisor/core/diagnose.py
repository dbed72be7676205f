"""From the evidence of an incident to a diagnosis that claims no more than was seen.

What may be concluded from what is from the server's source (tdlib/telegram-bot-api): a 409 "terminated by
other getUpdates" always means that another blocking getUpdates came later than ours; a quiet probe means only
that nobody began one while it was held.
"""

from __future__ import annotations

from supervisor.core.evidence import Trouble
from supervisor.core.words import span
from supervisor.model.incidents import Cause, Diagnosis
from supervisor.model.rivals import Rival

REVOKE = (
    "if it cannot be found, revoke the token: @BotFather, /revoke, choose the bot, put the new token into bots.yaml"
)


def diagnose(trouble: Trouble, token_id: int) -> Diagnosis:
    """The most certain reading first: a webhook that returns, a rival that a probe met, a loop of our own."""
    if trouble.returns:
        return _webhook_returns(trouble)
    if trouble.met:  # by one probe of several, too: many rivals rest for a minute after a conflict
        return _rival(trouble, token_id)
    if trouble.alone and _explains(trouble):
        return _rival_here(trouble, _named(trouble))
    if trouble.alone:
        return _inner_loop(trouble)
    return _undecided(trouble, token_id)


def overlap(trouble: Trouble, seconds: float) -> Diagnosis | None:
    """A rival that was met and then was gone by itself, as a deploy that overlaps is; None where none was met."""
    if not trouble.met or (trouble.probes and trouble.probes[-1].rival):
        return None
    return Diagnosis(
        Cause.OVERLAP,
        f"another poller was there and was gone within {span(seconds)}: a deploy that overlapped, or a short trial",
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
            *_looked(trouble),
        ),
        ("Telegram does not tell who sets it",),
        (
            f"find the program that calls setWebhook with {host} and stop it, or let that one run the bot",
            *(f"if it is {rival}: {' && '.join(rival.owner.stop)}" for rival in _named(trouble) if rival.owner.stop),
            REVOKE,
        ),
    )


def _rival(trouble: Trouble, token_id: int) -> Diagnosis:
    if here := _named(trouble):
        return _rival_here(trouble, here)
    hidden = trouble.sighting.unread if trouble.sighting else ("this host was not searched",)
    none = "none of the programs here that may have it was seen polling" if trouble.rivals else ""
    where = f"a poller uses the same token, and {none or 'no process that could be read here has it'}"
    return Diagnosis(
        Cause.RIVAL,
        f"{where}: it probably runs outside this host" if not hidden else f"{where}; not all could be read",
        (*trouble.seen(), *trouble.probing(), *_looked(trouble)),
        (
            "Telegram tells neither its address nor its name",
            *(f"not read here: {what}" for what in hidden),
            "a program on this host that has the token only in its source or in a file of its own is not recognised",
        ),
        (
            (
                f"think of where else bot {token_id} was ever started: another server, a laptop, a container, "
                "a hosted deploy (Render and Railway start the new instance before the old one ends)"
            ),
            REVOKE,
        ),
    )


def _explains(trouble: Trouble) -> bool:
    """Does a rival on this host, which no probe met, explain more than a second loop in the bot would?"""
    suspect = trouble.doubled or any(spot.suspect for spot in trouble.spots)
    return not suspect and any(rival.sure for rival in trouble.rivals)


def _named(trouble: Trouble) -> list[Rival]:
    """Those to name, who is connected first: who surely is a rival, else who has the token. Mere hints are not."""
    rivals = sorted(trouble.rivals, key=lambda rival: not rival.connected)
    sure = [rival for rival in rivals if rival.sure]
    return sure or [rival for rival in rivals if rival.place.proves]


def _rival_here(trouble: Trouble, here: list[Rival]) -> Diagnosis:
    return Diagnosis(
        Cause.RIVAL,
        f"another program on this host {'uses' if here[0].sure else 'probably uses'} the same token: {here[0]}",
        (
            *trouble.seen(),
            *trouble.probing(),
            *_looked(trouble),
        ),
        (
            "that it is this one which polls: having the token is not polling",
            *(("why no probe met it: it may pause longer, or poll without waiting",) if not trouble.met else ()),
        ),
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
                f"look for two polling loops in the bot's code{_first(trouble)}: polling started twice, several "
                "workers, a reloader, a reconnect or a health check that calls getUpdates"
            ),
            "one instance only: pm2 `instances: 1`, gunicorn/uvicorn `--workers 1`, Flask `use_reloader=False`",
        ),
    )


def _first(trouble: Trouble) -> str:
    """The only known place that polls may be reached twice."""
    return f", first for a second way to {trouble.spots[0].path}:{trouble.spots[0].line}" if trouble.spots else ""


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
