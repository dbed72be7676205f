"""Runs every check side by side, each with its own deadline, and puts the findings in order.

A check that fails in a way nobody foresaw is "could not tell", never the end of the report. Secrets are taken out of
every text here, whatever a check put into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from supervisor.doctor import files
from supervisor.doctor.githistory import search_git
from supervisor.doctor.inside import check_connections, check_source
from supervisor.doctor.leaks import Leak, judge_leaks, known_tokens
from supervisor.doctor.online import Probing, ask_telegram, probe_bot
from supervisor.doctor.patient import Patient, Visit, of_host
from supervisor.doctor.port import check_port
from supervisor.doctor.rights import check_rights
from supervisor.doctor.rivals import judge_sighting
from supervisor.doctor.supervisor import check_file, check_lease, check_state, check_supervisor
from supervisor.doctor.threads import LeavableThreads
from supervisor.doctor.venv import check_venv
from supervisor.doctor.way import check_way
from supervisor.logs.redact import Redactor
from supervisor.model.findings import Finding, Level
from supervisor.rivals.host import HostEyes

AT_ONCE = 16
"""Bots asked about at the same time."""
LONGEST = 60.0
"""Seconds for everything but the probes, whatever the size of the fleet."""
MOST_COUNTED = 16
"""Running bots whose requests are counted; each count takes 5 s of looking at all connections of this host."""

Say = Callable[[str], None]
Checked = Iterable[Finding | None]


async def examine(visit: Visit, eyes: HostEyes, probing: Probing | None, say: Say) -> list[Finding]:
    """All findings, those of the host first. `say` is told what goes on; `probing` None: no probe."""
    asyncio.get_running_loop().set_default_executor(LeavableThreads())
    say("looking at files, processes and the network ...")
    gate = asyncio.Semaphore(AT_ONCE)
    good: set[str] = set()
    checks: list[Awaitable[list[Finding]]] = [
        _guarded("supervisor", "", _now(lambda: [*check_supervisor(visit), check_file(visit)])),
        _guarded("rights", "", asyncio.to_thread(check_rights, visit)),
        _guarded("leaks", "", _leaks(visit)),
        _guarded("rivals", "", _rivals(visit, eyes)),
        _guarded("way", "", _online(visit, gate, good)),
        *(_guarded("bot", each.name, _of_bot(each, visit, gate)) for each in visit.patients),
    ]
    found = [finding for group in await asyncio.gather(*checks) for finding in group]
    if probing is not None:
        found += await _probes(visit, good, probing, say)
    return _in_order(visit, _clean(visit, found))


async def _online(visit: Visit, gate: asyncio.Semaphore, good: set[str]) -> list[Finding]:
    """The ways first: where one is broken, no bot has to find that out again. Adds the names of good tokens."""
    ways = {(each.api_url, each.spec.run.proxy): None for each in visit.patients if each.api_url}
    walked = dict(zip(ways, await asyncio.gather(*(check_way(*way) for way in ways)), strict=True))
    found = [finding for findings, _ in walked.values() for finding in findings]

    async def ask(patient: Patient) -> list[Finding]:
        way = (patient.api_url, patient.spec.run.proxy)
        if not patient.api_url:
            told = "it uses the simulator, which lives inside the supervisor, and none runs"
            return [patient.found("token", Level.UNKNOWN, told, "botctl up")]
        if not walked[way][1]:
            told = "token, webhook, backlog: nothing is known, the Bot API server could not be reached (see above)"
            return [patient.found("token", Level.UNKNOWN, told)]
        async with gate:
            findings, is_good = await ask_telegram(patient)
        if is_good:
            good.add(patient.name)
        return findings

    asked = await asyncio.gather(*(_guarded("token", each.name, ask(each)) for each in visit.patients))
    return found + [finding for group in asked for finding in group]


async def _probes(visit: Visit, good: set[str], probing: Probing, say: Say) -> list[Finding]:
    able = [each for each in visit.patients if each.name in good]
    if able:
        say(f"probing {len(able)} bot(s), up to {probing.form.seconds:g} s ...")
    probed = await asyncio.gather(*(probe_bot(each, probing) for each in able))
    skipped = [
        each.found("probe", Level.UNKNOWN, "not made: Telegram did not confirm the token (see above)")
        for each in visit.patients
        if each.name not in good
    ]
    return [finding for group in probed for finding in group] + skipped


async def _of_bot(patient: Patient, visit: Visit, gate: asyncio.Semaphore) -> list[Finding]:
    many = sum(each.runs for each in visit.patients) > MOST_COUNTED
    async with gate:
        found: list[Finding | None] = [
            *check_state(patient),
            check_lease(patient),
            await check_port(patient),
            await asyncio.to_thread(check_venv, patient, visit.state_dir),
            *await check_source(patient),
            None if many else await check_connections(patient),
        ]
    return [finding for finding in found if finding is not None]


async def _rivals(visit: Visit, eyes: HostEyes) -> list[Finding]:
    tokens = {int(each.spec.token_id): each.spec.run.token.reveal() for each in visit.patients}
    urls = {int(each.spec.token_id): each.spec.run.proxy or each.api_url for each in visit.patients if each.api_url}
    return judge_sighting(visit.patients, await eyes.sight(tokens, urls))


async def _leaks(visit: Visit) -> list[Finding]:
    known = known_tokens(visit)
    searches = await asyncio.gather(
        asyncio.to_thread(files.search_logs, visit, known),
        asyncio.to_thread(files.search_histories, visit, known),
        asyncio.to_thread(files.search_pm2, visit, known),
        asyncio.to_thread(files.search_command_lines, known),
        search_git([each.spec.run.cwd for each in visit.patients], known, visit.environ),
    )
    leaks: list[Leak] = [leak for search in searches for leak in search.leaks]
    found = judge_leaks(leaks, visit.names())
    for search in searches:
        found += [of_host(search.place, Level.UNKNOWN, text) for text in search.unread]
        if not search.leaks and not search.unread:
            found.append(of_host(search.place, Level.OK, f"no token of these bots in {search.looked}"))
    return found


async def _now(check: Callable[[], list[Finding]]) -> list[Finding]:
    return check()


async def _guarded(check: str, bot: str, work: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(LONGEST):
            return await work
    except TimeoutError:
        return [
            Finding(
                check, bot, Level.UNKNOWN, f"not finished within {LONGEST:g} s", "botctl doctor BOT    # fewer bots"
            )
        ]
    except Exception as error:
        return [Finding(check, bot, Level.UNKNOWN, f"the check itself failed: {type(error).__name__}: {error}")]


def _clean(visit: Visit, found: Iterable[Finding]) -> list[Finding]:
    redactor = Redactor(bot.run.token.reveal() for bot in visit.fleet)
    clean = redactor.redact_text
    return [replace(each, evidence=clean(each.evidence), remedy=clean(each.remedy)) for each in found]


def _in_order(visit: Visit, found: Iterable[Finding]) -> list[Finding]:
    """The host, then the bots as asked for, then others of the fleet; within each in the order of checks."""
    order = {"": -1} | {each.name: at for at, each in enumerate(visit.patients)}
    return sorted(found, key=lambda each: order.get(each.bot, len(order)))
