"""The reference's 21 vectors, one test each, in its numbering: how the real server behaves, second by second."""

import pytest

from supervisor.simulator.rules.calls import Outcome
from tests.simulator.stage import Request, Stage

OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
BY_SET = "Conflict: terminated by setWebhook request"


def _one_two_three(stage: Stage, steps: int) -> list[Request]:
    """Vectors 1 to 3 go on from one another."""
    first = stage.poll("A", 0, offset=5)
    polls = [first, stage.poll("B", 1, offset=0)]
    if steps > 1:
        polls.append(stage.poll("A", 1.1, offset=5))
    if steps > 2:
        polls.append(stage.poll("B", 4.2, offset=0))
    return polls


def test_vector_01_the_newer_poll_wins(stage: Stage) -> None:
    first, second = _one_two_three(stage, 1)
    assert first.error == (1.0, 409, OTHER)
    stage.until(30.9)
    assert second.waits
    stage.until(31)
    assert (second.answered_at, second.result) == (31.0, [])


def test_vector_02_a_second_conflict_is_told_three_seconds_late(stage: Stage) -> None:
    _, second, third = _one_two_three(stage, 2)
    assert second.waits
    stage.until(4.099)
    assert second.waits
    stage.until(10)
    assert second.error == (4.1, 409, OTHER)
    assert third.waits


def test_vector_03_the_conflict_clock_runs_out(stage: Stage) -> None:
    *_, third, fourth = _one_two_three(stage, 3)
    assert third.error == (4.2, 409, OTHER)
    assert fourth.waits


def test_vector_04_a_short_poll_disturbs_nobody(stage: Stage) -> None:
    long = stage.poll("A", 0, offset=5)
    short = stage.short("B", 1)
    assert (short.answered_at, short.result) == (1.0, [])
    stage.until(29)
    assert long.waits


def test_vector_05_a_short_poll_of_the_same_offset_blocks(stage: Stage) -> None:
    long = stage.poll("A", 0)
    short = stage.short("B", 1)
    assert long.error == (1.0, 409, OTHER)
    stage.until(10)
    assert (short.answered_at, short.result) == (4.0, [])


def test_vector_06_quick_short_polls_are_damped(stage: Stage) -> None:
    first = stage.short("A", 0, offset=5)
    second = stage.short("A", 0.2, offset=5)
    assert (first.answered_at, first.result) == (0, [])
    stage.until(5)
    assert (second.answered_at, second.result) == (3.2, [])


def test_vector_06_quick_short_polls_get_one_update_at_a_time(stage: Stage) -> None:
    stage.short("A", 0, offset=5)
    second = stage.short("A", 0.2, offset=5)
    stage.queue(101, 102, at=1)
    stage.until(2)
    assert second.ids == [101]


def test_vector_07_short_polls_of_different_offsets_never_conflict(stage: Stage) -> None:
    polls = [stage.short("AB"[at % 2], at, offset=5 + at % 2) for at in range(4)]
    assert [poll.answered_at for poll in polls] == [0, 1, 2, 3]
    assert all(poll.result == [] for poll in polls)


def test_vector_08_short_polls_of_the_same_offset_do(stage: Stage) -> None:
    first = stage.short("A", 0, offset=5)
    second = stage.short("B", 1, offset=5)
    third = stage.short("A", 2, offset=5)
    stage.until(10)
    assert (first.answered_at, first.result) == (0, [])
    assert second.error == (2.0, 409, OTHER)
    assert (third.answered_at, third.result) == (5.0, [])


def test_vector_09_a_ghost_takes_the_prompt_answer_with_it(stage: Stage) -> None:
    ghost = stage.poll("A", 0)
    stage.hang_up(ghost, 2)
    second = stage.poll("B", 3)
    assert second.waits
    assert stage.bot.tally.unseen_conflicts == 1
    third = stage.poll("C", 4)
    stage.until(20)
    assert second.error == (7.0, 409, OTHER)
    assert third.waits


def test_vector_10_no_polling_beside_a_webhook(stage: Stage) -> None:
    stage.set_webhook(0)
    polls = [stage.poll("A", at) for at in (10, 10.1, 13.2)]
    stage.until(20)
    assert [poll.error for poll in polls] == [(10.0, 409, ACTIVE), (13.1, 409, ACTIVE), (13.2, 409, ACTIVE)]


def test_vector_11_a_set_webhook_that_fails_still_ends_the_poll(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    setting = stage.set_webhook(1, "ftp://x")
    assert poll.error == (1.0, 409, BY_SET)
    assert setting.error == (1.0, 400, "Bad Request: invalid webhook URL specified")
    again = stage.poll("A", 2)
    stage.until(31)
    assert again.waits


def test_vector_12_a_set_webhook_that_fails_removes_the_old_one(stage: Stage) -> None:
    stage.set_webhook(0)
    assert stage.info(1)["url"] == "http://hook.test/x"
    assert stage.set_webhook(2, "ftp://x").error[1] == 400
    assert stage.info(3)["url"] == ""


@pytest.mark.parametrize("drop", [False, True])
def test_vector_13_delete_webhook_leaves_a_poll_alone(stage: Stage, drop: bool) -> None:
    poll = stage.poll("A", 0, offset=105)
    deleting = stage.call("B", "deleteWebhook", 1, drop_pending_updates=drop)
    assert deleting.body == {"ok": True, "result": True, "description": "Webhook is already deleted"}
    stage.until(29)
    assert poll.waits


def test_vector_13_dropping_empties_the_queue(stage: Stage) -> None:
    stage.queue(101, 102)
    stage.call("B", "deleteWebhook", 1, drop_pending_updates=True)
    assert stage.info(2)["pending_update_count"] == 0
    assert stage.bot.mailbox.queue.ledger.lost == 2


def test_vector_14_one_set_webhook_a_second(stage: Stage) -> None:
    stage.set_webhook(0)
    second = stage.set_webhook(0.9)
    assert second.body == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    assert second.reply is not None
    assert second.reply.retry_after == 1
    assert stage.set_webhook(1).body["description"] == "Webhook is already set"


def test_vector_15_a_higher_offset_confirms(stage: Stage) -> None:
    stage.queue(101, 102)
    assert stage.short("A", 1).ids == [101, 102]
    assert stage.short("A", 2, offset=102).ids == [102]
    assert stage.short("A", 3).ids == [102]
    assert stage.bot.mailbox.queue.ledger.confirmed == 1


def test_vector_16_a_negative_offset_deletes_all_but_the_newest(stage: Stage) -> None:
    stage.queue(*range(101, 106))
    assert stage.short("A", 1, offset=-1).ids == [105]
    assert stage.info(2)["pending_update_count"] == 1
    assert stage.short("A", 3).ids == [105]


def test_vector_17_ten_beyond_the_tail_confirms_everything(stage: Stage) -> None:
    stage.queue(*range(101, 106))
    assert stage.short("A", 1, offset=116).ids == []
    assert stage.info(2)["pending_update_count"] == 0


def test_vector_17_eleven_beyond_the_tail_is_ignored(stage: Stage) -> None:
    stage.queue(*range(101, 106))
    assert stage.short("A", 1, offset=117).ids == [101, 102, 103, 104, 105]
    assert stage.info(2)["pending_update_count"] == 5


def test_vector_18_updates_are_not_claimed(stage: Stage) -> None:
    stage.queue(101, 102)
    assert stage.short("A", 1).ids == stage.short("B", 2).ids == [101, 102]


def test_vector_19_a_poll_lasts_fifty_seconds_at_most(stage: Stage) -> None:
    poll = stage.poll("A", 0, timeout=600)
    stage.until(49.9)
    assert poll.waits
    stage.until(50)
    assert (poll.answered_at, poll.result) == (50.0, [])


@pytest.mark.parametrize(("limit", "count"), [(0, 1), (500, 100), ("", 100), ("rubbish", 1)])
def test_vector_19_limits_are_moved_into_range(stage: Stage, limit: int | str, count: int) -> None:
    stage.queue(*range(101, 301))
    assert len(stage.short("A", 1, limit=limit).result) == count


def test_vector_20_failed_deliveries_are_repeated_with_growing_pauses(stage: Stage) -> None:
    stage.outcomes = [Outcome(500, "Internal Server Error")] * 4 + [Outcome(200, "OK")]
    stage.set_webhook(0)
    stage.queue(101, at=1)
    stage.until(60)
    assert [post.at - 1 for post in stage.posts] == [0, 0, 2, 6, 14]
    info = stage.info(60)
    assert info["pending_update_count"] == 0
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


def test_vector_21_close_ends_a_poll_kindly(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    assert stage.call("B", "close", 1).result is True
    assert (poll.answered_at, poll.result) == (1.0, [])
    assert stage.call("B", "close", 2).error == (2.0, 400, "Bad Request: the bot has already been closed")
    assert stage.call("B", "getMe", 3).result["id"] == 123456789
