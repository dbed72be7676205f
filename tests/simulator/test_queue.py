"""The queue: what is kept, how long, and what the ledger says became of it."""

import json

import pytest

from supervisor.simulator.rules.kinds import DEFAULT_KINDS, KINDS
from supervisor.simulator.rules.queue import MAX_BYTES, MAX_UPDATES, UpdateQueue, print_updates
from tests.simulator.stage import BOT, Stage

WEEK = 7 * 86400.0


def _message(number: int = 1) -> dict[str, object]:
    return {"message_id": number, "chat": {"id": 1}}


def test_every_update_ends_in_exactly_one_column(stage: Stage) -> None:
    stage.queue(*range(101, 111))
    stage.short("A", 1, limit=4)
    stage.short("A", 2, offset=103, limit=1)
    stage.short("A", 10, offset=-3)
    ledger = stage.bot.mailbox.queue.ledger
    assert (ledger.received, ledger.confirmed, ledger.dropped, ledger.lost) == (10, 2, 2, 3)
    assert len(stage.bot.mailbox.queue) == 3


def test_an_update_given_to_a_ghost_was_not_handed_out(stage: Stage) -> None:
    ghost = stage.poll("A", 0)
    stage.hang_up(ghost, 1)
    stage.queue(101, at=2)
    stage.until(3)
    assert ghost.ids == [101]
    stage.call("B", "deleteWebhook", 4, drop_pending_updates=True)
    assert stage.bot.mailbox.queue.ledger.lost == 1


def test_confirming_what_nobody_got_loses_it(stage: Stage) -> None:
    stage.queue(101, 102)
    stage.short("A", 1, offset=103)
    assert stage.bot.mailbox.queue.ledger.lost == 2


@pytest.mark.parametrize(("kind", "seconds"), [("message", 86400), ("callback_query", 150), ("inline_query", 30)])
def test_updates_expire_by_their_kind(stage: Stage, kind: str, seconds: float) -> None:
    stage.queue(101, kind=kind)
    assert stage.short("A", seconds, offset=1).ids == [101]
    assert stage.short("A", seconds + 1, offset=2).ids == []


def test_expired_updates_take_no_place_in_an_answer(stage: Stage) -> None:
    stage.queue(101, 102, kind="inline_query")
    stage.queue(103)
    assert stage.short("A", 40, limit=1).ids == [103]


def test_expired_updates_count_as_pending_until_they_are_collected(stage: Stage) -> None:
    stage.queue(101, kind="inline_query")
    assert stage.info(59)["pending_update_count"] == 1
    assert stage.info(61)["pending_update_count"] == 0
    assert stage.bot.mailbox.queue.ledger.lost == 1


def test_the_first_id_is_drawn_and_the_next_follow() -> None:
    queue = UpdateQueue(lambda: 0.0)
    ids = [update.id for update in (queue.push(0, "message", _message()) for _ in range(3)) if update]
    assert ids == [2_000_001, 2_000_002, 2_000_003]


def test_after_an_idle_week_ids_may_start_anew() -> None:
    chances = iter([0.0, 0.5])
    queue = UpdateQueue(lambda: next(chances))
    first = queue.push(0, "message", _message())
    assert first
    queue.forget(first.id)
    second = queue.push(WEEK + 1, "message", _message())
    assert second
    assert second.id == 501_000_000


def test_a_full_queue_takes_no_more() -> None:
    queue = UpdateQueue(lambda: 0.0)
    for _ in range(MAX_UPDATES):
        assert queue.push(0, "message", {})
    assert queue.push(0, "message", {}) is None
    assert queue.ledger.lost == 1


def test_a_queue_is_full_by_bytes_too() -> None:
    queue = UpdateQueue(lambda: 0.0)
    big = {"text": "x" * (MAX_BYTES // 2)}
    assert queue.push(0, "message", big)
    assert queue.push(0, "message", big) is None


def test_an_answer_is_cut_at_four_mebibytes() -> None:
    queue = UpdateQueue(lambda: 0.0)
    for _ in range(5):
        queue.push(0, "message", {"text": "x" * 2**20})
    text, shown = print_updates(queue.read(0, 0, 100))
    assert len(shown) == len(json.loads(text)) == 3


def test_updates_are_printed_with_the_line_break(stage: Stage) -> None:
    stage.queue(101)
    reply = stage.short("A", 1).reply
    assert reply is not None
    assert '[{"update_id":101,\n"message":{"message_id":101,' in reply.body


def test_unwanted_kinds_are_not_queued_and_the_wish_is_everybodys(stage: Stage) -> None:
    stage.short("A", 0, allowed_updates=["callback_query", "no such kind"])
    assert stage.bot.receive(1, "message", _message()) is None
    assert stage.info(2)["allowed_updates"] == ["callback_query"]
    stage.short("B", 3, allowed_updates="rubbish")
    stage.short("B", 4, allowed_updates=[1])
    assert stage.info(5)["allowed_updates"] == ["callback_query"]
    stage.short("B", 6, allowed_updates=[])
    assert "allowed_updates" not in stage.info(7)
    assert stage.bot.receive(8, "message", _message())


def test_three_kinds_must_be_asked_for(stage: Stage) -> None:
    assert set(KINDS) - DEFAULT_KINDS == {"chat_member", "message_reaction", "message_reaction_count"}
    assert stage.bot.receive(0, "chat_member", {}) is None
    stage.short("A", 1, allowed_updates=["chat_member", "message"])
    assert stage.bot.receive(2, "chat_member", {})
    assert stage.telegram.find(BOT) is stage.bot
