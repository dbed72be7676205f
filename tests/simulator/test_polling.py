"""getUpdates beyond the vectors: batching, damping, and what the referee counts."""

import pytest

from tests.simulator.stage import Stage


def test_a_waiting_poll_gets_a_small_batch(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    stage.queue(101, at=1)
    stage.queue(102, at=1.0005)
    assert poll.waits
    stage.until(2)
    assert (poll.answered_at, poll.ids) == (1.0015, [101, 102])


def test_a_batch_is_not_awaited_longer_than_two_milliseconds(stage: Stage) -> None:
    poll = stage.poll("A", 0)
    for step in range(6):
        stage.queue(101 + step, at=1 + step * 0.0005)
    stage.until(2)
    assert poll.answered_at == 1.002


def test_the_wish_of_a_waiting_poll_is_kept_until_it_is_answered(stage: Stage) -> None:
    poll = stage.poll("A", 0, offset=101, limit=1)
    stage.queue(101, 102, at=1)
    stage.until(2)
    assert poll.ids == [101]


def test_a_poll_with_something_to_return_displaces_nobody(stage: Stage) -> None:
    stage.queue(101)
    waiting = stage.poll("A", 1, offset=102)
    stage.queue(102, at=1.5)
    greedy = stage.poll("B", 1.5, offset=102)
    assert greedy.ids == [102]
    stage.until(2)
    assert waiting.ids == [102]


def test_damping_ends_after_three_seconds(stage: Stage) -> None:
    stage.short("A", 0, offset=5)
    assert stage.short("A", 3, offset=5).answered_at == 3


def test_damping_leaves_longer_timeouts_alone(stage: Stage) -> None:
    stage.short("A", 0, offset=5)
    poll = stage.short("A", 1, offset=5, timeout=4)
    stage.until(10)
    assert poll.answered_at == 5


@pytest.mark.parametrize("offset", ["2000000000", "4000000000", "7"])
def test_offsets_that_cannot_be_count_as_the_head(stage: Stage, offset: str) -> None:
    stage.queue(200_101, 200_102)
    assert stage.short("A", 1, offset=offset).ids == [200_101, 200_102]


def test_overlap_is_the_time_with_two_living_clients(stage: Stage) -> None:
    first = stage.poll("A", 0)
    stage.poll("B", 1)
    assert first.answered_at == 1
    third = stage.poll("A", 2)
    stage.until(5)
    tally = stage.bot.tally
    assert tally.overlap(5) == pytest.approx(3)  # B was held for its delayed 409 from 2 to 5
    assert tally.overlaps == 2
    assert [call for call, _ in tally.pollers()] == [third.call]


def test_a_ghost_overlaps_with_nobody(stage: Stage) -> None:
    ghost = stage.poll("A", 0)
    stage.hang_up(ghost, 1)
    stage.poll("B", 2)
    assert stage.bot.tally.overlap(3) == 0
    assert stage.bot.tally.overlaps == 0
    assert stage.bot.tally.conflicts["get_updates"] == 0


def test_one_client_overlaps_not_with_itself(stage: Stage) -> None:
    stage.poll("A", 0)
    stage.poll("A", 1)
    stage.poll("A", 2)
    assert stage.bot.tally.overlap(4) == 0
    assert stage.bot.tally.overlaps == 0
    assert stage.bot.tally.conflicts["get_updates"] == 1


def test_conflicts_are_counted_by_kind_when_they_are_told(stage: Stage) -> None:
    stage.set_webhook(0)
    stage.poll("A", 10)
    stage.poll("A", 10.1)
    stage.until(12)
    assert stage.bot.tally.conflicts["webhook_active"] == 1
    stage.until(14)
    assert stage.bot.tally.conflicts["webhook_active"] == 2


def test_a_late_answer_does_not_wind_the_conflict_clock(stage: Stage) -> None:
    stage.poll("A", 0)
    stage.poll("B", 1)  # A is told at 1: the clock runs until 4
    stage.poll("A", 2)  # B is told at 5
    stage.poll("B", 4.5)
    tally = stage.bot.tally
    assert tally.conflicts["get_updates"] == 2  # the third conflict was told at once, before the second
    stage.until(5)
    assert tally.conflicts["get_updates"] == 3
