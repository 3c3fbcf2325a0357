from iec104mm2ss.gateway.attempts import Attempts
from iec104mm2ss.settings.endpoints import Endpoint

A, B = Endpoint("10.1.1.1", 2404), Endpoint("10.1.1.2", 2405)


def exact(wait: float) -> float:
    return wait


def test_hosts_are_tried_in_list_order_without_a_wait() -> None:
    attempts = Attempts([A, B], exact)
    assert [attempts.next(), attempts.next()] == [(0.0, A), (0.0, B)]


def test_rounds_in_which_nobody_could_be_reached_wait_longer_each_time_up_to_10_s() -> None:
    attempts = Attempts([A], exact)
    assert [attempts.next()[0] for _ in range(7)] == [0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_round_with_a_connected_host_is_followed_by_a_wait_of_1_s() -> None:
    attempts = Attempts([A], exact)
    for _ in range(4):
        attempts.next()
    attempts.connected()
    attempts.lost(5.0)
    assert [attempts.next()[0] for _ in range(3)] == [1.0, 2.0, 4.0]


def test_a_link_of_less_than_60_s_goes_on_to_the_next_host() -> None:
    attempts = Attempts([A, B], exact)
    attempts.next()
    attempts.connected()
    attempts.lost(59.9)
    assert attempts.next() == (0.0, B)


def test_a_stable_link_is_looked_for_from_the_first_host_again() -> None:
    attempts = Attempts([A, B], exact)
    attempts.next()
    attempts.next()
    attempts.connected()
    attempts.lost(60.0)
    assert attempts.next() == (0.0, A)


def test_waits_are_spread_so_that_many_groups_do_not_knock_in_step() -> None:
    waits = set()
    for _ in range(50):
        attempts = Attempts([A])
        attempts.next()
        waits.add(attempts.next()[0])
    assert len(waits) > 40
    assert all(0.8 <= wait <= 1.2 for wait in waits)
