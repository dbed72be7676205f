"""What a webhook's address may look like [S: td HttpUrl.cpp parse_url, WebhookActor.cpp start_up].

`local` servers (as with `--local`) take http, any port and any address; the cloud does not.
"""

import base64
import ipaddress
import re
from dataclasses import dataclass

from supervisor.simulator.rules import texts

_URL = re.compile(
    r"""(?:(?P<scheme>[^:/?#]*)://)?
        (?:(?P<user>[^/?\#@]*)@)?
        (?P<host>\[[0-9a-fA-F:.]+\]|[^\s/?\#@:\[\]"<>\\^`{|}]+)
        (?::(?P<port>[0-9]{1,9}))?
        (?P<path>[/?\#].*)?""",
    re.VERBOSE | re.DOTALL,
)
CLOUD_PORTS = {80, 88, 443, 8443}


@dataclass(frozen=True)
class WebhookUrl:
    """A parsed address."""

    secure: bool
    user: str
    host: str
    port: int
    path: str

    def rebuilt(self) -> str:
        """The address to post to."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.path}"

    def host_header(self) -> str:
        """`Host:` without the scheme's own port."""
        return self.host if self.port == (443 if self.secure else 80) else f"{self.host}:{self.port}"

    def authorization(self) -> str | None:
        """`Authorization:` for an address with user information."""
        return f"Basic {base64.b64encode(self.user.encode()).decode()}" if self.user else None


def parse_url(text: str) -> WebhookUrl | None:
    """The parts of an address, https if it names no scheme; None if it is none."""
    match = _URL.fullmatch(text)
    if not match:
        return None
    scheme = (match["scheme"] if match["scheme"] is not None else "https").lower()
    if scheme not in {"http", "https"}:
        return None
    port = int(match["port"] or (443 if scheme == "https" else 80))
    if not 0 < port < 65536:
        return None
    path = (match["path"] or "/").split("#", 1)[0]
    if not path.startswith("/"):
        path = f"/{path}"
    return WebhookUrl(scheme == "https", match["user"] or "", match["host"], port, path)


def refuse_url(url: WebhookUrl, local: bool) -> str | None:
    """Why the cloud does not take this scheme or port."""
    if local:
        return None
    if not url.secure:
        return texts.HTTPS_NEEDED
    return None if url.port in CLOUD_PORTS else texts.BAD_PORT


def refuse_address(address: str, local: bool) -> str | None:
    """Why this IP address cannot be delivered to."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return texts.BAD_ADDRESS
    if local:
        return None
    if parsed.version == 6:
        return texts.IPV6_ONLY
    return None if parsed.is_global and not parsed.is_multicast else texts.reserved_address(address)
