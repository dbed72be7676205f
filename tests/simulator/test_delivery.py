"""Delivery to a webhook: order, pauses, connections, 410, answers that run a method."""

import pytest

from supervisor.simulator.rules.calls import Outcome
from tests.simulator.stage import EPOCH, Stage

GOOD = Outcome(200, "OK")
BAD = Outcome(500, "Internal Server Error")


def _ids(stage: Stage) -> list[int]:
    return [post.update_id for post in stage.posts]


def test_what_is_posted(stage: Stage) -> None:
    stage.set_webhook(0, "http://user:pass@hook.test:8080/x?y=1", secret_token="s3cret")
    stage.queue(101)
    post = stage.posts[0].post
    assert post.url == "http://hook.test:8080/x?y=1"
    assert post.address == "127.0.0.1"
    assert post.headers == {
        "Host": "hook.test:8080",
        "Authorization": "Basic dXNlcjpwYXNz",
        "X-Telegram-Bot-Api-Secret-Token": "s3cret",
        "Content-Type": "application/json",
        "Connection": "keep-alive",
        "Accept-Encoding": "gzip, deflate",
    }
    assert post.body.startswith('{"update_id":101,\n"message":')


def test_updates_queued_before_the_webhook_are_delivered(stage: Stage) -> None:
    stage.outcomes = [GOOD, GOOD]
    stage.queue(101, 102)
    stage.set_webhook(1)
    assert _ids(stage) == [101, 102]
    assert stage.bot.mailbox.queue.ledger.confirmed == 2


def test_one_chat_in_order_others_beside_it(stage: Stage) -> None:
    stage.outcomes = [GOOD]
    stage.set_webhook(0)
    stage.queue(100, at=1)  # a first success opens the gate for more connections
    stage.queue(101, 102, at=2, chat=1)
    stage.queue(201, at=2, chat=2)
    stage.queue(301, at=2, chat=1, kind="callback_query")
    assert _ids(stage) == [100, 101, 201, 301]
    stage.finish(stage.posts[1], GOOD, 3)
    assert _ids(stage)[-1] == 102


def test_a_failing_head_blocks_its_lane_only(stage: Stage) -> None:
    stage.outcomes = [BAD]
    stage.set_webhook(0)
    stage.queue(101, 102, at=1, chat=1)
    stage.finish(stage.posts[1], BAD, 1)
    stage.outcomes = [GOOD] * 9
    stage.queue(201, at=1.5, chat=2)
    stage.until(2.9)
    assert _ids(stage) == [101, 101, 201]
    stage.until(10)
    assert _ids(stage) == [101, 101, 201, 101, 102]


def test_without_success_there_is_one_connection(stage: Stage) -> None:
    stage.set_webhook(0)
    for chat in range(1, 4):
        stage.queue(100 + chat, at=1, chat=chat)
    stage.until(50)
    assert _ids(stage) == [101]


def test_a_lost_connection_is_renewed_every_two_seconds(stage: Stage) -> None:
    stage.outcomes = [Outcome(error="Connection refused")] * 9
    stage.set_webhook(0)
    stage.queue(101, at=1)
    stage.until(14)
    # without pacing: 1, 1, 3, 7, 15; the second has to wait for a connection
    assert [post.at for post in stage.posts] == [1, 2, 4, 8]
    assert stage.info(14)["last_error_message"] == "Connection refused"
    assert stage.info(14)["last_error_date"] == EPOCH + 8


def test_ten_new_connections_in_half_a_second(stage: Stage) -> None:
    stage.outcomes = [GOOD]
    stage.set_webhook(0)
    stage.queue(100, at=1)
    for chat in range(1, 21):
        stage.queue(200 + chat, at=2, chat=chat)
    assert len(stage.posts) == 1 + 11  # the idle one and ten new ones
    stage.until(2.5)
    assert len(stage.posts) == 1 + 20


def test_max_connections_are_kept(stage: Stage) -> None:
    stage.outcomes = [GOOD]
    stage.set_webhook(0, max_connections=2)
    stage.queue(100, at=1)
    for chat in range(1, 6):
        stage.queue(200 + chat, at=2, chat=chat)
    assert _ids(stage) == [100, 201, 202]


def test_many_failing_heads_block_everything(stage: Stage) -> None:
    stage.outcomes = [Outcome(503, "No", retry_after=3600)] * 2
    stage.set_webhook(0, max_connections=1)
    stage.queue(101, at=1, chat=1)
    stage.queue(102, at=1, chat=2)
    stage.queue(103, at=1, chat=3)
    stage.until(100)
    assert _ids(stage) == [101, 102]


def test_retry_after_replaces_the_pause(stage: Stage) -> None:
    stage.outcomes = [Outcome(503, "Busy", retry_after=7), Outcome(503, "Busy", retry_after=9999)]
    stage.set_webhook(0)
    stage.queue(101, at=1)
    stage.until(4000)
    assert [post.at for post in stage.posts] == [1, 8, 3608]


def test_pauses_are_capped(stage: Stage) -> None:
    stage.outcomes = [BAD] * 12
    stage.set_webhook(0)
    stage.queue(101, at=0)
    stage.until(600)
    gaps = [round(b.at - a.at) for a, b in zip(stage.posts, stage.posts[1:], strict=False)]
    assert gaps[:9] == [0, 2, 4, 8, 16, 32, 64, 90, 90]


def test_an_update_is_dropped_when_the_next_attempt_would_come_too_late(stage: Stage) -> None:
    stage.outcomes = [Outcome(error="Connection refused")] * 40
    stage.set_webhook(0)
    stage.queue(101, at=0, kind="callback_query")
    stage.until(600)
    assert stage.info(600)["pending_update_count"] == 0
    assert stage.bot.mailbox.queue.ledger.lost == 1
    assert stage.posts[-1].at <= 150


@pytest.mark.parametrize(("between", "gone"), [(None, True), (BAD, False)])
def test_410_for_a_day_removes_the_webhook(stage: Stage, between: Outcome | None, gone: bool) -> None:
    stage.outcomes = [Outcome(410, "Gone")] * 500
    if between:
        stage.outcomes.append(between)
    stage.outcomes += [Outcome(410, "Gone")] * 5000
    stage.set_webhook(0)
    stage.queue(101, at=0)
    stage.until(22 * 3600)
    assert stage.info(22 * 3600)["url"]
    stage.until(23.5 * 3600)
    assert (stage.info(23.5 * 3600)["url"] == "") is gone
    assert stage.info(23.5 * 3600)["pending_update_count"] == 1


def test_redirects_are_failures(stage: Stage) -> None:
    stage.outcomes = [Outcome(302, "Found")]
    stage.set_webhook(0)
    stage.queue(101)
    assert stage.info(0)["last_error_message"] == "Wrong response from the webhook: 302 Found"


def test_the_last_error_goes_with_a_new_webhook(stage: Stage) -> None:
    stage.outcomes = [BAD, GOOD]
    stage.set_webhook(0)
    stage.queue(101)
    assert "last_error_message" in stage.info(1)
    stage.call("B", "deleteWebhook", 2)
    stage.set_webhook(3)
    assert "last_error_message" not in stage.info(4)


def test_deliveries_under_way_are_abandoned_and_come_again(stage: Stage) -> None:
    stage.set_webhook(0)
    stage.queue(101, at=1)
    stage.call("B", "deleteWebhook", 2)
    assert stage.abandoned == [stage.posts[0].post.attempt]
    stage.finish(stage.posts[0], GOOD, 3)
    assert stage.short("A", 4).ids == [101]


@pytest.mark.parametrize(
    ("args", "sent"),
    [
        ({"method": "sendMessage", "chat_id": "5", "text": "hi"}, ["hi"]),
        ({"method": "deleteWebhook"}, []),
        ({"method": "getMe"}, []),
        ({"method": "logOut"}, []),
        ({"chat_id": "5", "text": "no method"}, []),
    ],
)
def test_an_answer_may_run_a_method(stage: Stage, args: dict[str, str], sent: list[str]) -> None:
    stage.outcomes = [Outcome(200, "OK", args=args)]
    stage.set_webhook(0)
    stage.queue(101)
    assert [message["text"] for message in stage.bot.tally.sent] == sent
    assert stage.info(1)["url"]
