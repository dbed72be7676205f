"""Faults on demand, on an injected clock."""

from typing import Any

import pytest

from supervisor.simulator.faults import BadFault, Faults


def _kinds(faults: Faults, now: float = 0, bot_id: int = 1, method: str = "getme") -> tuple[float, str | None]:
    delay, fault = faults.meet(now, bot_id, method)
    return delay, fault.kind if fault else None


def test_a_fault_lasts_its_seconds() -> None:
    faults = Faults()
    faults.order(10, {"kind": "500", "seconds": 5})
    assert _kinds(faults, 14.9) == (0, "500")
    assert _kinds(faults, 15) == (0, None)


def test_a_fault_lasts_its_number_of_requests() -> None:
    faults = Faults()
    faults.order(0, {"kind": "429", "count": 2, "retry_after": 9})
    _, fault = faults.meet(0, 1, "getme")
    assert fault
    assert fault.retry_after == 9
    assert [_kinds(faults)[1] for _ in range(2)] == ["429", None]


def test_a_fault_is_for_one_bot_and_method() -> None:
    faults = Faults()
    faults.order(0, {"kind": "401", "bot_id": 1, "method": "getUpdates"})
    assert _kinds(faults, bot_id=1, method="getupdates") == (0, "401")
    assert _kinds(faults, bot_id=2, method="getupdates") == (0, None)
    assert _kinds(faults, bot_id=1, method="getme") == (0, None)


@pytest.mark.parametrize(
    ("order", "delay"), [({}, 5), ({"seconds": 2}, 2), ({"delay": 3, "seconds": 60}, 3), ({"delay": 0.5}, 0.5)]
)
def test_slow_delays_and_goes_with_others(order: dict[str, Any], delay: float) -> None:
    faults = Faults()
    faults.order(0, {"kind": "slow"} | order)
    faults.order(0, {"kind": "502"})
    assert _kinds(faults, 50) == (delay, "502")


def test_none_and_clear_end_faults() -> None:
    faults = Faults()
    faults.order(0, {"kind": "500", "bot_id": 1})
    faults.order(0, {"kind": "500", "bot_id": 2})
    assert faults.order(0, {"kind": "none", "bot_id": 1}) is None
    assert [fault["bot_id"] for fault in faults.show(0)] == [2]
    faults.clear()
    assert faults.show(0) == []


@pytest.mark.parametrize(
    "order",
    [{}, {"kind": "fire"}, {"kind": "500", "bot": 1}, {"kind": "500", "seconds": -1}, {"kind": "500", "count": "x"},
     {"kind": "slow", "seconds": True}, {"kind": "500", "bot_id": []}],
)  # fmt: skip
def test_orders_that_make_no_sense(order: dict[str, Any]) -> None:
    with pytest.raises(BadFault):
        Faults().order(0, order)
