"""The complete environment of a run. Nothing is inherited but an allow-list, so no bot sees another's token.

From weak to strong: the allow-list from the supervisor's own environment; the bot's own `env_file` and `env`; and
last what bots.yaml says in keys of its own (mode, api_url, proxy, port, token, venv), so that a bot and our checks
of it always go the same way; and the mark.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from supervisor.model.bots import Mode, RunSpec
from supervisor.model.containers import TokenDelivery
from supervisor.runners.containers.creation import TOKEN_FOLDER, TOKEN_NAME
from supervisor.runners.marks import BOT, MARK, Mark

INHERITED = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR",
        # Where the machine keeps its certificates: TLS to Telegram fails without them on some.
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    }
)  # fmt: skip
"""Variables of the supervisor that every run gets, and every LC_* one."""

INHERITED_BY_SETUP = frozenset(
    {
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "XDG_CACHE_HOME", "GIT_SSL_CAINFO",
    }
)  # fmt: skip
"""What `setup` gets beside those: how this machine reaches package registries. Addresses of private registries
hold passwords, which is why the bot itself does not get them."""

TOKEN_FILE = "TELEGRAM_BOT_TOKEN_FILE"  # noqa: S105 - a name
"""Names the file with the token, where it is not in a variable."""

_SETUP_PREFIXES = ("PIP_", "UV_", "POETRY_", "NPM_CONFIG_", "npm_config_", "YARN_", "PNPM_", "COREPACK_")
# Settings of the supervisor's own installation, not of the registries.
_NOT_FOR_SETUP = frozenset(
    {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "UV_PROJECT_ENVIRONMENT"}
)
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOOPBACK = "localhost,127.0.0.1,::1"


def build(
    spec: RunSpec,
    mark: Mark,
    *,
    port: int | None = None,
    venv: Path | None = None,
    base: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The environment of the bot itself; `port` is what a web bot shall open, `base` the supervisor's own."""
    environ = {MARK: str(mark)}
    environ |= _inherited(spec, base)
    environ["PYTHONUNBUFFERED"] = "1"
    environ |= spec.env
    environ["TELEGRAM_API_URL"] = spec.api_url
    environ["ENABLE_HEALTH_SERVER"] = "1" if spec.mode is Mode.WEB else "0"
    environ |= _proxy(spec.proxy)
    if spec.mode is Mode.WEB and port is not None:
        environ["PORT"] = str(port)
    environ |= dict.fromkeys(spec.token_env, spec.token.reveal())
    return _finish(environ, mark, venv)


def build_for_setup(
    spec: RunSpec, mark: Mark, *, venv: Path | None = None, base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment of the bot's `setup` command: no token, but this machine's way to package registries."""
    environ = {MARK: str(mark)}
    environ |= _inherited(spec, base)
    environ |= {name: value for name, value in base.items() if _serves_setup(name)}
    environ |= {"PYTHONUNBUFFERED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environ |= spec.env
    for name in spec.token_env:
        environ.pop(name, None)
    return _finish(environ, mark, venv)


def build_for_container(spec: RunSpec, mark: Mark, *, port: int | None = None) -> dict[str, str]:
    """The environment of a bot in a container: nothing of this machine, whose folders are not there."""
    environ = {MARK: str(mark), BOT: mark.run.bot, "PYTHONUNBUFFERED": "1", "TINI_KILL_PROCESS_GROUP": "1"}
    environ |= spec.env
    environ["TELEGRAM_API_URL"] = spec.api_url
    environ["ENABLE_HEALTH_SERVER"] = "1" if spec.mode is Mode.WEB else "0"
    environ |= _proxy(spec.proxy)
    if spec.mode is Mode.WEB and port is not None:
        environ["PORT"] = str(port)
    if spec.container is not None and spec.container.token_delivery is TokenDelivery.FILE:
        return environ | {TOKEN_FILE: f"{TOKEN_FOLDER}/{TOKEN_NAME}"}
    return environ | dict.fromkeys(spec.token_env, spec.token.reveal())


def find_venv(cwd: Path) -> Path | None:
    """The virtual environment that lies beside the code, if any."""
    for name in (".venv", "venv"):
        if (cwd / name / "bin" / "python").exists():
            return cwd / name
    return None


def wanted_port(spec: RunSpec) -> int | None:
    """The port a web bot asks for: `port`, or PORT among its own variables; None means a free one."""
    if spec.port is not None:
        return spec.port
    own = spec.env.get("PORT", "")
    return int(own) if own.isascii() and own.isdigit() and 0 < int(own) < 65536 else None


def _inherited(spec: RunSpec, base: Mapping[str, str]) -> dict[str, str]:
    chosen = {name: value for name, value in base.items() if name in INHERITED or name.startswith("LC_")}
    chosen.setdefault("PATH", _DEFAULT_PATH)
    if spec.user is not None:
        chosen |= {"USER": spec.user, "LOGNAME": spec.user}
        try:
            chosen["HOME"] = pwd.getpwnam(spec.user).pw_dir
        except KeyError:  # the start refuses it, with a better sentence
            chosen.pop("HOME", None)
    return chosen


def _serves_setup(name: str) -> bool:
    return (name in INHERITED_BY_SETUP or name.startswith(_SETUP_PREFIXES)) and name not in _NOT_FOR_SETUP


def _proxy(proxy: str | None) -> dict[str, str]:
    if proxy is None:
        return {}
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    environ = dict.fromkeys((*names, *(name.lower() for name in names)), proxy)
    return environ | {"NO_PROXY": _LOOPBACK, "no_proxy": _LOOPBACK}


def _finish(environ: dict[str, str], mark: Mark, venv: Path | None) -> dict[str, str]:
    if venv is not None:  # before any PATH, the bot's own too: its python and pip are those
        environ["VIRTUAL_ENV"] = str(venv)
        environ["PATH"] = f"{venv / 'bin'}{os.pathsep}{environ['PATH']}"
    return environ | {MARK: str(mark), BOT: mark.run.bot}
