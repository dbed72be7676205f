"""The server's own sentences, verbatim [S]. Clients and log readers match on them, so not a letter may differ."""

from typing import Final, Literal

ConflictKind = Literal["get_updates", "webhook_active", "set_webhook", "other_set_webhook"]

CONFLICTS: Final[dict[ConflictKind, str]] = {
    "get_updates": (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    ),
    "webhook_active": (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    ),
    "set_webhook": "Conflict: terminated by setWebhook request",
    "other_set_webhook": "Conflict: terminated by other setWebhook",
}

WEBHOOK_SET: Final = "Webhook was set"
WEBHOOK_ALREADY_SET: Final = "Webhook is already set"
WEBHOOK_DELETED: Final = "Webhook was deleted"
WEBHOOK_ALREADY_DELETED: Final = "Webhook is already deleted"

INVALID_URL: Final = "Bad Request: invalid webhook URL specified"
SECRET_TOO_LONG: Final = "Bad Request: secret token is too long"  # noqa: S105
SECRET_CHARACTERS: Final = "Bad Request: secret token contains unallowed characters"  # noqa: S105
BAD_WEBHOOK: Final = "Bad Request: bad webhook: "
HTTPS_NEEDED: Final = "An HTTPS URL must be provided for webhook"
BAD_PORT: Final = "Webhook can be set up only on ports 80, 88, 443 or 8443"
BAD_ADDRESS: Final = "Invalid IP address specified"
IPV6_ONLY: Final = "IPv6-only addresses are not allowed"
UNKNOWN_HOST: Final = "Failed to resolve host: Name or service not known"

UNAUTHORIZED: Final = "Unauthorized"
INVALID_TOKEN: Final = "Unauthorized: invalid token specified"  # noqa: S105 - a sentence, not a secret
MISDIRECTED: Final = "Misdirected Request: unallowed token specified"
NOT_FOUND: Final = "Not Found"
NO_SUCH_METHOD: Final = "Not Found: method not found"
LOGGED_OUT: Final = "Logged out"
ALREADY_CLOSED: Final = "Bad Request: the bot has already been closed"
RESTART: Final = "Internal Server Error: restart"
RETRY_AFTER: Final = "Too Many Requests: retry after {}"
TOO_LARGE: Final = "Request Entity Too Large"


def certificate_too_big(size: int) -> str:
    """The refusal of a certificate of `size` bytes."""
    return f"Bad Request: certificate size is too big ({size} bytes)"


def reserved_address(address: str) -> str:
    """The refusal of a private, loopback or otherwise reserved IPv4 address."""
    return f"IP address {address} is reserved"
