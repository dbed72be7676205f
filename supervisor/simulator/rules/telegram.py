"""The whole server: tokens, the bots behind them, and who may load new ones [S: ClientManager.cpp send].

The test environment (`/bot<token>/test/...`) is a second world with the same tokens.
"""

from collections.abc import Iterable

from supervisor.simulator.rules.bot import SimulatedBot, World
from supervisor.simulator.rules.calls import Action, Answer, Call, Reply, too_many
from supervisor.simulator.rules.pacing import Pacer
from supervisor.simulator.rules.people import Identity
from supervisor.simulator.rules.tokens import Tokens

NEW_TOKENS = ((60.0, 20), (3600.0, 600))


class Telegram:
    """All bots of one simulated server."""

    def __init__(self, world: World, tokens: Iterable[str] | None = None, cloud: bool = True) -> None:
        """`tokens` None believes every well-formed one; `cloud` answers malformed ones with 404."""
        self.tokens = Tokens(tokens, cloud)
        self._world = world
        self._bots: dict[tuple[int, bool], SimulatedBot] = {}
        self._newcomers: dict[str, list[Pacer]] = {}

    def find(self, bot_id: int, test: bool = False) -> SimulatedBot | None:
        """The bot, if it was ever loaded or written to."""
        return self._bots.get((bot_id, test))

    def bot(self, bot_id: int, test: bool = False) -> SimulatedBot:
        """The bot, made if need be; the caller has checked that it may exist."""
        found = self._bots.get((bot_id, test))
        if found is None:
            identity = Identity(bot_id, f"simulated_{bot_id}_bot")
            found = self._bots[bot_id, test] = SimulatedBot(identity, self._world)
        return found

    def admit(self, now: float, token: str, test: bool, outside: str | None = None) -> SimulatedBot | Reply:
        """The bot that a request is for, or why it is refused.

        `outside` is the client's address if it came through a proxy (`X-Real-IP`): requests from the loopback
        itself are exempt from the limit on new tokens, as on the real server.
        """
        checked = self.tokens.check(token)
        if isinstance(checked, Reply):
            return checked
        if outside and (checked, test) not in self._bots:
            paces = self._newcomers.setdefault(outside, [Pacer(*limit) for limit in NEW_TOKENS])
            free_at = max(pace.free_at(now) for pace in paces)
            if free_at > now:
                return too_many(int(free_at - now) + 1)
            for pace in paces:
                pace.count(now)
        return self.bot(checked, test)

    def call(self, now: float, token: str, call: Call) -> list[Action]:
        """`admit` and the bot's answer in one step."""
        admitted = self.admit(now, token, test=False)
        return [Answer(call, admitted)] if isinstance(admitted, Reply) else admitted.call(now, call)
