"""bots.yaml and the files it names to a Fleet, or to every problem in them at once.

Order: read, parse, fill variables in, lay the defaults under each bot, check the shape, make bots, compare them.
Each step goes on with what was right. Reads files and asks the file system; changes nothing, starts nothing,
and takes nothing from the process environment but what it is handed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from supervisor.config import dotenv, schema, together
from supervisor.config.bots import Draft, make
from supervisor.config.environment import Ground
from supervisor.config.files import Files, Unreadable
from supervisor.config.fill import Filler
from supervisor.config.findings import TOKEN_SHAPED, Findings
from supervisor.config.tree import Place, Scalar, Table, Tree
from supervisor.config.validate import validate, with_defaults
from supervisor.config.yamltext import read_tree
from supervisor.errors import ConfigError
from supervisor.model.bots import Fleet


def load(path: Path, environ: Mapping[str, str]) -> Fleet:
    """Read the configuration as it is now. `environ` fills variables in and gives the PATH to look programs up.
    Raises ConfigError with all problems; never a half-applied fleet."""
    findings, files = Findings(path.parent / ".env", path), Files()
    fleet = _load(path, environ, files, findings)
    if fleet is None or findings.problems:
        raise ConfigError(findings.problems, files.names)
    return fleet


def _load(path: Path, environ: Mapping[str, str], files: Files, findings: Findings) -> Fleet | None:
    try:
        text = files.text(path)
    except Unreadable as reason:
        findings.problem(Place(path, 0, 0, ""), str(reason))
        return None
    variables = _dotenv(path.parent / ".env", environ, files, findings)
    root = read_tree(text, path, findings)
    if root is None:
        return None
    tree = with_defaults(Filler(environ, variables, path.name, findings).table(root))
    shape = validate(tree, findings)
    ground = Ground(
        file=path,
        root=path.absolute().parent,
        files=files,
        lookup=lambda name: environ.get(name, variables.get(name)),
        path=environ.get("PATH") or os.defpath,
        findings=findings,
        api_url=shape.telegram.api_url,
    )
    if _any_token_in(root):
        ground.warn_if_open(path, path)
    if variables:
        ground.warn_if_open(path.parent / ".env", path.parent / ".env")
    drafts = _drafts(tree, shape, ground)
    together.check(drafts, findings)
    return Fleet(
        path=path.absolute(),
        bots={draft.name: draft.spec for draft in drafts if draft.spec},
        api_url=shape.telegram.api_url,
        files=files.names,
        warnings=findings.warnings,
    )


def _dotenv(path: Path, environ: Mapping[str, str], files: Files, findings: Findings) -> dict[str, str]:
    """The variables of the `.env` beside bots.yaml, which need not be there."""
    try:
        text = files.text(path)
    except Unreadable as reason:
        if not reason.missing:
            findings.problem(Place(path, 0, 0, ""), str(reason))
        return {}
    found = dotenv.parse(text, environ.get, outside_first=True)
    for line, complaint in found.complaints:
        findings.problem(Place(path, line, 1, ""), complaint)
    return found.values


def _drafts(tree: Table, shape: schema.Fleet, ground: Ground) -> list[Draft]:
    drafts = []
    for name, table in tree.table("bots").entries.items():
        bot = shape.bots.get(name)
        if bot is not None and isinstance(table, Table):
            drafts.append(make(name, bot, table, ground))
    return drafts


def _any_token_in(tree: Tree) -> bool:
    if isinstance(tree, Scalar):
        return tree.text is not None and TOKEN_SHAPED.search(tree.text) is not None
    parts = tree.entries.values() if isinstance(tree, Table) else tree.items
    return any(_any_token_in(part) for part in parts)
