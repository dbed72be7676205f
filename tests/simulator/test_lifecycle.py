"""Tokens, close, logOut, and the errors that are about neither polling nor webhooks."""

import pytest

from supervisor.simulator.rules.calls import Outcome, Reply
from tests.simulator.stage import BOT, TOKEN, Stage

OTHER_SECRET = f"{BOT}:BBFakeFakeFakeFakeFakeFakeFakeFakeF"


@pytest.mark.parametrize(
    ("token", "code", "text"),
    [
        ("no-colon", 401, "Unauthorized: invalid token specified"),
        (f"0{TOKEN}", 401, "Unauthorized: invalid token specified"),
        (f"{TOKEN}{'F' * 80}", 401, "Unauthorized: invalid token specified"),
        ("99999999999999999999:AAFakeFakeFakeFakeFakeFakeFakeFakeF", 401, "Unauthorized: invalid token specified"),
        ("-5:AAFakeFakeFakeFakeFakeFakeFakeFakeF", 401, "Unauthorized: invalid token specified"),
        ("abc:AAFakeFakeFakeFakeFakeFakeFakeFakeF", 421, "Misdirected Request: unallowed token specified"),
        ("123:short", 401, "Unauthorized"),
        ("123:AAFakeFakeFake FakeFakeFakeFakeF", 401, "Unauthorized"),
    ],
)
def test_malformed_tokens(token: str, code: int, text: str) -> None:
    own_server, cloud = Stage(cloud=False), Stage()
    assert own_server.call("A", "getMe", 0, token=token).error[1:] == (code, text)
    assert cloud.call("A", "getMe", 0, token=token).error[1:] == (404, "Not Found")


def test_any_well_formed_token_is_a_bot(stage: Stage) -> None:
    assert stage.call("A", "getMe", 0).result["id"] == BOT
    assert stage.call("A", "getMe", 0, token=OTHER_SECRET).result["id"] == BOT


def test_a_list_of_tokens_excludes_all_others() -> None:
    stage = Stage(tokens=[TOKEN])
    assert stage.call("A", "getMe", 0).result["id"] == BOT
    assert stage.call("A", "getMe", 0, token=OTHER_SECRET).error[1:] == (401, "Unauthorized")
    assert not stage.telegram.tokens.may_exist(5)


def test_two_secrets_of_one_bot_conflict(stage: Stage) -> None:
    first = stage.poll("A", 0)
    stage.call("B", "getUpdates", 1, token=OTHER_SECRET, timeout=30)
    assert first.error[1] == 409


def test_a_revoked_token_is_refused_and_a_new_one_is_not(stage: Stage) -> None:
    stage.set_webhook(0)
    stage.queue(101)
    stage.revoke(1)
    assert stage.call("A", "getMe", 2).error[1:] == (401, "Unauthorized")
    webhook = stage.call("A", "getWebhookInfo", 3, token=OTHER_SECRET).result
    assert (webhook["url"], webhook["pending_update_count"]) == ("", 1)


def test_a_revoked_token_ends_the_waiting_poll(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    stage.revoke(1)
    assert (poll.answered_at, poll.result) == (1, [])


def test_method_names_have_no_case(stage: Stage) -> None:
    assert stage.call("A", "GETME", 0).result["id"] == BOT
    assert stage.call("A", "getupdates", 0).result == []


@pytest.mark.parametrize("method", ["", "fly", "getx y", "setÄ"])
def test_what_is_no_method(stage: Stage, method: str) -> None:
    assert stage.call("A", method, 0).error[1:] == (404, "Not Found: method not found")


def test_close_is_refused_for_ten_minutes(stage: Stage) -> None:
    stage.call("A", "getMe", 700)
    reply = stage.call("A", "close", 1000).reply
    assert reply is not None
    assert reply.retry_after == 300
    assert stage.call("A", "close", 1300).result is True


def test_close_is_taken_soon_after_the_servers_own_start(stage: Stage) -> None:
    stage.call("A", "getMe", 599)
    assert stage.call("A", "close", 599.5).result is True


def test_requests_while_closing(stage: Stage) -> None:
    stage.call("A", "getMe", 0)
    stage.call("A", "close", 1)
    assert stage.call("A", "getMe", 1.01).error[1:] == (500, "Internal Server Error: restart")
    assert stage.call("A", "getMe", 2).result["id"] == BOT


def test_close_keeps_queue_and_webhook(stage: Stage) -> None:
    stage.set_webhook(0, allowed_updates=["message"])
    stage.queue(101, at=1)
    assert stage.call("B", "close", 2).result is True
    stage.outcomes = [Outcome(200, "OK")]
    stage.until(5)
    assert len(stage.posts) == 1
    info = stage.info(6)
    assert (info["url"], info["allowed_updates"]) == ("http://hook.test/x", ["message"])
    assert [post.update_id for post in stage.posts] == [101, 101]
    assert stage.info(7)["pending_update_count"] == 0


def test_close_forgets_the_last_error(stage: Stage) -> None:
    stage.outcomes = [Outcome(500, "No")]
    stage.set_webhook(0)
    stage.queue(101, at=1)
    assert "last_error_message" in stage.info(2)
    stage.call("B", "close", 3)
    assert "last_error_message" not in stage.info(5)


def test_close_forgets_the_conflict_clock(stage: Stage) -> None:
    stage.poll("A", 0)
    stage.poll("B", 1)
    stage.call("C", "close", 1.1)
    fourth = stage.poll("A", 1.5)
    stage.poll("B", 1.6)
    assert fourth.answered_at == 1.6


@pytest.mark.parametrize(("age", "locked"), [(100, 1800), (1801, 1)])
def test_log_out_locks_everybody_out(stage: Stage, age: float, locked: float) -> None:
    stage.call("A", "getMe", 0)
    stage.queue(101, at=age - 30)
    stage.short("A", age - 20, allowed_updates=["poll"])
    assert stage.call("B", "logOut", age).result is True
    assert stage.call("A", "getMe", age + locked - 0.5).error[1:] == (400, "Logged out")
    assert stage.call("A", "close", age + locked - 0.5).error[1:] == (400, "Logged out")
    info = stage.info(age + locked)
    assert (info["pending_update_count"], info["url"], "allowed_updates" in info) == (0, "", False)


def test_log_out_answers_the_waiting_poll(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    stage.call("B", "logOut", 1)
    assert (poll.answered_at, poll.result) == (1, [])


def test_new_tokens_are_limited_for_clients_behind_a_proxy(stage: Stage) -> None:
    def admit(number: int, now: float, outside: str | None) -> object:
        token = f"{number}:AAFakeFakeFakeFakeFakeFakeFakeFakeF"
        return stage.telegram.admit(now, token, False, outside)

    assert not any(isinstance(admit(number, 0, None), Reply) for number in range(1, 100))
    assert not any(isinstance(admit(number, 0, "192.0.2.1"), Reply) for number in range(100, 120))
    refused = admit(120, 1, "192.0.2.1")
    assert isinstance(refused, Reply)
    assert refused.retry_after == 60
    assert not isinstance(admit(100, 1, "192.0.2.1"), Reply)
    assert not isinstance(admit(120, 61, "192.0.2.1"), Reply)
