"""A supervisor for fleets of Telegram bots: one runner per token, always."""

__version__ = "0.1.0"
