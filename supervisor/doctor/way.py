"""DNS, TCP and TLS to each Bot API server that the bots use, and whether the two clocks agree."""

from __future__ import annotations

from urllib.parse import urlsplit

from supervisor.doctor.patient import of_host, span
from supervisor.errors import TelegramError
from supervisor.model.findings import Finding, Level
from supervisor.reachability import Step, walk
from supervisor.telegram import Unreachable, clock_skew

TOLERATED = 5.0
"""Seconds: the Date header is exact to one, and the answer takes its time."""
HARMFUL = 300.0
"""Seconds from which signed data and certificates are judged wrongly by usual libraries."""

_REMEDY = {
    "dns": "getent hosts {host}    # and look at /etc/resolv.conf",
    "tcp": "curl -v --connect-timeout 5 {url}    # a firewall? where Telegram is blocked: `proxy:` of the bot",
    "tls": "curl -v {url}    # old CA certificates? apt install --reinstall ca-certificates; or somebody listens in",
    "http": "curl -v {url}    # a firewall or proxy that takes connections and answers nothing?",
}


async def check_way(api_url: str, proxy: str | None) -> tuple[list[Finding], bool]:
    """What was met on the way, and whether a Bot API server can be asked at the end of it."""
    steps = await walk(api_url, proxy)
    if not steps[-1].ok:
        return [_broken(steps[-1], api_url, proxy)], False
    try:
        skew = await clock_skew(api_url, proxy)
    except Unreachable as error:
        return [_broken(Step("http", False, f"{_host(api_url)}: {error}"), api_url, proxy)], False
    except TelegramError as error:
        return [_whole(steps, api_url, proxy), of_host("clock", Level.UNKNOWN, str(error))], True
    return [_whole(steps, api_url, proxy), judge_clock(skew)], True


def judge_clock(skew: float) -> Finding:
    """`skew`: seconds that this machine is ahead."""
    if abs(skew) <= TOLERATED:
        return of_host("clock", Level.OK, "this machine's clock agrees with the server's")
    level = Level.PROBLEM if abs(skew) >= HARMFUL else Level.WARNING
    way = "ahead of" if skew > 0 else "behind"
    told = f"this machine's clock is {span(abs(skew))} {way} the server's"
    return of_host("clock", level, told, "timedatectl set-ntp true")


def _whole(steps: tuple[Step, ...], api_url: str, proxy: str | None) -> Finding:
    told = "; ".join(step.detail for step in steps)
    if proxy:
        told += f"; {_host(api_url)} answers through it"
    worries = [step.worry for step in steps if step.worry]
    if worries:
        return of_host("way", Level.WARNING, f"{told}; {'; '.join(worries)}", "renew the certificate of that server")
    return of_host("way", Level.OK, told)


def _broken(step: Step, api_url: str, proxy: str | None) -> Finding:
    host = _host(proxy or api_url)
    # A proxy's address may hold a password.
    remedy = _REMEDY[step.name].format(host=host, url=host if proxy else api_url)
    return of_host("way", Level.PROBLEM, step.detail, remedy)


def _host(url: str) -> str:
    return urlsplit(url).hostname or "an unreadable address"
