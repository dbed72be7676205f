"""Each cause of a 409 that people really have, made for real, and what the supervisor said of it.

A story brings its bot into trouble, waits for the diagnosis, ends what caused the trouble, and lets the bot go on.
The bots have tokens that no other test uses: on one host, that would make them rivals.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from supervisor.simulator.onlookers import CallNews
from tests.e2e.daemon import Daemon
from tests.e2e.outsiders import (
    NODE_MODULES,
    Pm2,
    container,
    poller_of_nowhere,
    setter_of_webhooks,
    why_no_docker,
    why_no_pm2,
)
from tests.e2e.processes import runs
from tests.e2e.programs import POLLER
from tests.e2e.rig import Rig, rigged
from tests.libraries.bots import BOTS, must_run, why_not

SHORT = {"wait": "1s", "attempts": 2, "window": "30s", "probe": "4s", "on_hold": "wait"}
PATIENT = SHORT | {"attempts": 4, "window": "5s"}
"""For the rival that goes away by itself. Elsewhere the window is longer than a library takes to start."""

DOUBLED = Path(__file__).parent / "doubled"
PYTHON, NODE = [sys.executable, "bot.py"], ["node", "bot.js"]
INSIDE = {"telebot": PYTHON, "grammy": NODE, "node-telegram-bot-api": NODE}
"""Programs that poll twice, by the folder in doubled/ that they live in."""


@dataclass(frozen=True)
class Told:
    """What became of one story: the incident as botctl shows it, and the referee's last word."""

    incident: dict[str, Any]
    report: dict[str, Any]

    @property
    def found(self) -> dict[str, Any]:
        found: dict[str, Any] = self.incident["diagnosis"]
        return found

    @property
    def evidence(self) -> str:
        return "\n".join(self.found["evidence"])

    @property
    def remedy(self) -> str:
        return "\n".join(self.found["remedy"])


Stories = Mapping[str, "asyncio.Task[Told]"]


class Clinic:
    """One supervisor, and a bot for each story."""

    def __init__(self, rig: Rig, pm2: Pm2 | None, number: int) -> None:
        self.rig = rig
        self.pm2 = pm2
        self.container = f"old-shop-{number}"
        self.probes = Probes(rig)
        self._number = number
        for name in STORIES:
            self._number += 1
            if why_untold(name) is None:
                command, keys = STORIES[name].bot
                rig.add(name, command, number=self._number, **keys)

    @property
    def daemon(self) -> Daemon:
        assert self.rig.daemon
        return self.rig.daemon

    async def held(self, name: str) -> dict[str, Any]:
        """The bot's incident, once it is held."""
        await self.daemon.until_bot(name, "held")
        return await self.incident(name)

    async def incident(self, name: str) -> dict[str, Any]:
        code, said = await self.rig.botctl("incidents", name, "--json")
        assert code == 0, said
        [incident] = json.loads(said)
        return dict(incident)

    async def meets(self, name: str, trouble: AbstractAsyncContextManager[None]) -> Told:
        """A healthy bot, trouble from outside, the diagnosis, and the bot's life after the trouble."""
        account = self.rig.accounts[name]
        await account.talks("before")
        async with trouble:
            incident = await self.held(name)
        await self.daemon.post(f"/bots/{name}/start")
        return Told(incident, await account.talks("after"))


class Probes:
    """Watches that no probe is held while a run of the same bot lives. A probe is a poll that asks for one update."""

    def __init__(self, rig: Rig) -> None:
        self.complaints: list[str] = []
        self.seen = 0
        self.on_probe: dict[str, Callable[[], None]] = {}
        self._rig = rig

    def __call__(self, news: CallNews) -> None:
        if news.call.method != "getupdates" or news.call.args.get("limit") != "1":
            return
        name = self._rig.name_of(news.bot_id)
        self.seen += news.began
        if alive := runs(self._rig.fleet, name):
            self.complaints.append(f"{name}: a probe beside {sorted(alive)}")
        if news.began and (act := self.on_probe.get(name)):
            act()


# the stories


async def of_pm2(clinic: Clinic, name: str) -> Told:
    assert clinic.pm2
    pm2 = clinic.pm2

    @asynccontextmanager
    async def trouble() -> AsyncIterator[None]:
        await pm2.start("old-shop", clinic.rig.accounts[name])
        yield
        await pm2.tell("delete", "old-shop")

    return await clinic.meets(name, trouble())


async def of_a_container(clinic: Clinic, name: str) -> Told:
    return await clinic.meets(name, container(clinic.container, clinic.rig.accounts[name]))


async def of_another_host(clinic: Clinic, name: str) -> Told:
    return await clinic.meets(name, poller_of_nowhere(clinic.rig.accounts[name]))


async def of_a_webhook(clinic: Clinic, name: str) -> Told:
    return await clinic.meets(name, setter_of_webhooks(clinic.rig.accounts[name], 1.0))


async def of_itself(clinic: Clinic, name: str) -> Told:
    incident = await clinic.held(name)
    return Told(incident, await clinic.rig.accounts[name].report())


async def of_a_deploy(clinic: Clinic, name: str) -> Told:
    """The rival leaves once a probe has met it; a user writes into the next probe, which meets nobody."""
    account = clinic.rig.accounts[name]
    await account.talks("before")
    async with poller_of_nowhere(account):
        await clinic.daemon.says(f"{name} ", "healing: probe", "somebody else polls")
    clinic.probes.on_probe[name] = lambda: writing.append(asyncio.ensure_future(account.write("into the probe")))
    writing: list[asyncio.Future[None]] = []
    await clinic.daemon.says(f"{name} ", "healing: recovered")
    await asyncio.gather(*writing)
    assert clinic.daemon.bot(name)["state"] == "up"
    return Told(await clinic.incident(name), await account.answered("into the probe"))


@dataclass(frozen=True)
class Story:
    """`bot`: its command and further keys of bots.yaml."""

    tell: Callable[[Clinic, str], Awaitable[Told]]
    bot: tuple[list[str], dict[str, Any]]
    why_not: Callable[[], str | None] = lambda: None


def _inside(folder: str, command: list[str]) -> Story:
    keys = {"cwd": str(DOUBLED / folder), "conflict": SHORT, "env": {"NODE_PATH": str(NODE_MODULES)}}
    needed = next(bot for bot in BOTS if bot.needs_node == (command is NODE))
    return Story(of_itself, (command, keys), partial(why_not, needed))


_MET = (POLLER, {"conflict": SHORT})
STORIES: dict[str, Story] = {
    "pm2": Story(of_pm2, _MET, why_no_pm2),
    "container": Story(of_a_container, _MET, why_no_docker),
    "elsewhere": Story(of_another_host, _MET),
    "webhook": Story(of_a_webhook, _MET),
    "overlap": Story(of_a_deploy, (POLLER, {"conflict": PATIENT})),
    **{f"inside-{folder}": _inside(folder, command) for folder, command in INSIDE.items()},
}
MARKS = {"container": [pytest.mark.docker], "pm2": [pytest.mark.node]} | {
    f"inside-{folder}": [pytest.mark.node] for folder, command in INSIDE.items() if command is NODE
}


def why_untold(name: str) -> str | None:
    """Why this story cannot be told on this machine."""
    return STORIES[name].why_not()


async def told(stories: Stories, name: str) -> Told:
    """The story's end. Without its means it is skipped loudly, or fails where everything must run."""
    if reason := why_untold(name):
        pytest.fail(reason) if must_run() else pytest.skip(reason)
    return await stories[name]


@dataclass(frozen=True)
class Ward:
    stories: Stories
    probes: Probes


@asynccontextmanager
async def all_at_once(folder: Path, home: Path) -> AsyncIterator[Ward]:
    """Every story that can be told here, all under one supervisor; `home` is for pm2."""
    async with rigged(folder) as (rig,), _pm2(home) as pm2:
        clinic = Clinic(rig, pm2, random.randrange(20_000, 99_000))
        rig.write()
        await rig.up()
        with rig.simulator.watch(clinic.probes):
            tasks = {name: asyncio.create_task(_tell(clinic, name)) for name in rig.accounts}
            try:
                yield Ward(tasks, clinic.probes)
            finally:
                for task in tasks.values():
                    task.cancel()
                await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _tell(clinic: Clinic, name: str) -> Told:
    return await STORIES[name].tell(clinic, name)


@asynccontextmanager
async def _pm2(home: Path) -> AsyncIterator[Pm2 | None]:
    if why_no_pm2():
        yield None
        return
    async with Pm2.running(home) as pm2:
        yield pm2


# what must be said


def check(name: str, story: Told) -> None:
    """Raise AssertionError unless the diagnosis names the right cause, with its evidence and its command."""
    CHECKS[name.partition("-")[0]](name, story)


def _pm2_is_named(name: str, story: Told) -> None:
    found = story.found
    assert found["cause"] == "rival"
    assert "kept by pm2 old-shop" in found["summary"]
    assert [_last_words(line, 3) for line in found["remedy"]] == ["pm2 stop old-shop", "pm2 delete old-shop"]
    assert "ended by another getUpdates" in story.evidence
    assert "has the token in its environment and an open connection to the API host" in story.evidence


def _last_words(line: str, count: int) -> str:
    """Without `env PM2_HOME=... PATH=...`, and the path of a pm2 that is not on everybody's PATH."""
    return " ".join(line.split()[-count:])


def _container_is_named(name: str, story: Told) -> None:
    found = story.found
    assert found["cause"] == "rival"
    assert "container old-shop-" in found["summary"]
    update, stop = found["remedy"]
    assert update.startswith("docker update --restart=no old-shop-")
    assert stop.startswith("docker stop old-shop-")
    assert "ended by another getUpdates" in story.evidence


def _elsewhere_is_said(name: str, story: Told) -> None:
    found = story.found
    assert found["cause"] == "rival"
    assert "outside this host" in found["summary"] or "not read here" in "\n".join(found["unknown"])
    assert "ended by another getUpdates" in story.evidence
    assert "@BotFather, /revoke" in story.remedy
    assert "Render and Railway" in story.remedy


def _webhook_host_is_named(name: str, story: Told) -> None:
    found = story.found
    assert found["cause"] == "webhook_reset"
    assert "something keeps setting a webhook at http://127.0.0.1:9" in found["summary"]
    assert "it is not one of ours" in found["summary"]
    assert "webhook_setter.py" in story.remedy  # it happens to run here, with the token in its environment
    assert "secret-path" not in json.dumps(story.incident)


def _overlap_needs_nobody(name: str, story: Told) -> None:
    assert (story.incident["outcome"], story.found["cause"]) == ("recovered", "overlap")
    assert "gone within" in story.found["summary"]
    assert "nothing to do" in story.remedy


def _inner_loop_is_found(name: str, story: Told) -> None:
    found = story.found
    assert found["cause"] == "inner_loop"
    assert "met no other poller" in story.evidence
    assert f"{PLACES[name]}" in story.evidence
    assert story.report["conflicts"]["get_updates"] >= 2
    if name in WAITING_IS_SEEN:
        assert "request(s) of the bot waited at the API at the same time" in story.evidence


PLACES = {
    "inside-telebot": "bot.py:18:",
    "inside-grammy": "admin.js:6:",
    "inside-node-telegram-bot-api": "notify.js:4:",
}
WAITING_IS_SEEN = frozenset({"inside-telebot", "inside-node-telegram-bot-api"})
"""grammY dies of its first conflict, so its two loops never wait together for long."""
CHECKS: dict[str, Callable[[str, Told], None]] = {
    "pm2": _pm2_is_named,
    "container": _container_is_named,
    "elsewhere": _elsewhere_is_said,
    "webhook": _webhook_host_is_named,
    "overlap": _overlap_needs_nobody,
    "inside": _inner_loop_is_found,
}
