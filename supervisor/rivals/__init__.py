"""Who else on this host has a bot's token: processes and containers, who keeps them alive, how they are ended.

`host.py` is the door. Having a token is not polling with it, so this room says what was seen and what was not, and
keeps both apart. It refuses to know runs, leases and Telegram; secrets are compared in memory and never leave it.
"""
