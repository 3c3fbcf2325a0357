from __future__ import annotations

import math
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from iec104mm2ss.link import LinkParameters, Received, Started, StartRequested, State, Stopped, StopRequested
from tests.link.octets import ASDU
from tests.link.pair import End, Pair

ROUND_TRIP = 2 * 2.4  # seconds, below t1 - t2 so that a late acknowledgement is never too late

windows = st.integers(1, 20).flatmap(lambda k: st.builds(LinkParameters, k=st.just(k), w=st.integers(1, k)))
sends = st.tuples(st.just("send"), st.integers(0, 1), st.integers(0, 25))
waits = st.tuples(st.just("run"), st.just(0), st.floats(0.0, 60.0))
cuts = st.tuples(st.just("piece"), st.just(0), st.integers(1, 40))
delays = st.tuples(st.just("delay"), st.just(0), st.floats(0.0, ROUND_TRIP / 2))
tests = st.tuples(st.just("test"), st.integers(0, 1), st.just(0))
holds = st.tuples(st.just("withhold"), st.integers(0, 1), st.floats(0.0, 2.0))
restarts = st.tuples(st.just("restart"), st.just(0), st.just(0))

numbers = count()


def asdus(amount: float) -> list[bytes]:
    return [ASDU[:6] + next(numbers).to_bytes(4, "little") for _ in range(int(amount))]


def do(pair: Pair, action: str, end: End, value: float) -> None:
    match action:
        case "send":
            end.send(asdus(value), pair.now)
        case "run":
            pair.run(value)
        case "piece":
            pair.piece = int(value)
        case "delay":
            pair.delay = value
        case "test":
            end.link.test(pair.now)
        case "withhold":
            hold_for(pair, end, value)
        case "restart":
            restart(pair)
    pair.write()


def hold_for(pair: Pair, end: End, seconds: float) -> None:
    end.link.withhold = True
    pair.run(seconds)
    end.link.withhold = False
    end.link.release(end.link.held, pair.now)


def restart(pair: Pair) -> None:
    pair.controlling.link.stop(pair.now)
    pair.run(30.0)
    assert pair.controlling.link.state is State.STOPPED
    pair.controlling.link.start(pair.now)
    pair.run(10.0)


def started_pair(controlling: LinkParameters, controlled: LinkParameters) -> Pair:
    pair = Pair(controlling, controlled)
    pair.controlling.link.start(0.0)
    pair.run(0.0)
    return pair


def check_nothing_lost(pair: Pair) -> None:
    for source, target in (pair.ends, pair.ends[::-1]):
        assert target.closed == []
        assert source.most_outstanding <= source.link.parameters.k
        delivered = target.delivered
        assert delivered == [asdu for asdu in source.sent if asdu in set(delivered)]
        assert len(delivered) + target.discarded == len(source.sent)
        assert (source.link.acknowledged, target.link.confirmed) == (len(source.sent), len(source.sent))


@settings(max_examples=150, deadline=None)
@given(windows, windows, st.lists(sends | waits | cuts | delays | tests | holds, max_size=40))
def test_in_order_none_lost_none_doubled_nobody_closes(
    controlling: LinkParameters, controlled: LinkParameters, actions: list[tuple[str, int, float]]
) -> None:
    pair = started_pair(controlling, controlled)
    for action, index, value in actions:
        do(pair, action, pair.ends[index], value)
    pair.run(60.0)
    check_nothing_lost(pair)
    assert pair.controlled.discarded == 0


@settings(max_examples=100, deadline=None)
@given(windows, windows, st.lists(sends | cuts | delays | restarts, max_size=20))
def test_also_over_stops_and_starts(
    controlling: LinkParameters, controlled: LinkParameters, actions: list[tuple[str, int, float]]
) -> None:
    pair = started_pair(controlling, controlled)
    for action, index, value in actions:
        do(pair, action, pair.ends[index], value)
    pair.run(60.0)
    check_nothing_lost(pair)


def test_a_whole_life() -> None:
    pair = started_pair(LinkParameters(), LinkParameters())
    pair.delay = 1.0
    pair.controlled.send([ASDU] * 3, 0.0)
    pair.run(5.0)
    pair.controlling.link.stop(5.0)
    pair.run(5.0)
    pair.controlling.link.start(10.0)
    pair.run(5.0)
    assert pair.controlling.events == [Started(), Received([ASDU] * 3), Stopped(), Started()]
    assert [event for event in pair.controlled.events if not hasattr(event, "count")] == [
        StartRequested(),
        StopRequested(),
        Stopped(),
        StartRequested(),
    ]


def test_an_idle_pair_tests_itself_and_stays() -> None:
    pair = started_pair(LinkParameters(), LinkParameters(t3=math.inf))
    pair.delay = 1.7
    pair.run(3600.0)
    assert pair.controlling.closed == []
    assert pair.controlled.closed == []
    assert pair.controlled.link.heard > 3570.0
