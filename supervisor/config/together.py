"""What bots must not share: tokens, bot ids, ports, names that differ in case only, one another's secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from supervisor.config.bots import Draft
from supervisor.config.findings import TOKEN_SHAPED, Findings


def check(drafts: Sequence[Draft], findings: Findings) -> None:
    """Report every clash at its second place, naming the first. Bots that are not enabled clash with nobody."""
    enabled = [draft for draft in drafts if draft.enabled]
    _tokens(enabled, findings)
    _ports(enabled, findings)
    _names(drafts, findings)
    _secrets(drafts, findings)


def _tokens(drafts: Iterable[Draft], findings: Findings) -> None:
    first: dict[int, Draft] = {}
    for draft in drafts:
        if draft.token is None:
            continue
        other = first.setdefault(draft.token.id, draft)
        if other is draft or other.token is None:
            continue
        where = f"bots.{other.name} (line {other.token_place.line})"
        if other.token == draft.token:
            message = f"is the same token as that of {where}: two runners of one token answer each other with 409"
            remedy = "give each bot its own, or write enabled: false for one of them"
        else:
            message = f"has the same bot id {draft.token.id} as that of {where}, but another secret"
            remedy = "one of the two was revoked; keep the one that @BotFather shows, for one bot"
        findings.problem(draft.token_place, f"{message}; {remedy}")


def _ports(drafts: Iterable[Draft], findings: Findings) -> None:
    first: dict[int, Draft] = {}
    for draft in drafts:
        if draft.port is None:
            continue
        other = first.setdefault(draft.port, draft)
        if other is not draft:
            where = f"bots.{other.name} (line {other.port_place.line})"
            message = (
                f"{draft.port} is the port of {where} too: give each its own, or leave the key out for a free one"
            )
            findings.problem(draft.port_place, message)


def _names(drafts: Iterable[Draft], findings: Findings) -> None:
    first: dict[str, Draft] = {}
    for draft in drafts:
        other = first.setdefault(draft.name.lower(), draft)
        if other is not draft:
            where = f"bots.{other.name} (line {other.place.line})"
            findings.problem(draft.place, f"differs from {where} in upper and lower case only: choose another name")


def _secrets(drafts: Sequence[Draft], findings: Findings) -> None:
    owners = {draft.token.reveal(): draft for draft in drafts if draft.token}
    for draft in drafts:
        for variable in draft.variables.values():
            for found in TOKEN_SHAPED.finditer(variable.value):
                owner = owners.get(found[0])
                if owner and owner.name != draft.name and owner.token != draft.token:
                    message = f"holds the token of bots.{owner.name}, which bots.{draft.name} must not see: remove it"
                    findings.problem(variable.place, message)
