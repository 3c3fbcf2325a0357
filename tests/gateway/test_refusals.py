"""Who is turned away, and how often the log says so."""

import asyncio
from collections.abc import Callable
from unittest.mock import patch

from iec104mm2ss.record import refusals
from iec104mm2ss.record.refusals import Refusals, host_of
from tests.gateway.scene import play
from tests.transport.recorder import until


class Lines(list[str]):
    def tell(self, text: str, *, level: int) -> None:
        self.append(text)


def watch(scenario: Callable[[Refusals, Lines], None], *, minutes: int = 0) -> tuple[Refusals, Lines]:
    """Run a scenario and let so many minutes pass, which are short ones."""
    told = Lines()
    kept: list[Refusals] = []

    async def watched() -> None:
        kept.append(Refusals(told))
        scenario(kept[0], told)
        for _ in range(minutes):
            timer = kept[0]._timer
            await until(lambda: kept[0]._timer is not timer)  # noqa: B023 - waited for in this round
        kept[0].close()

    with patch.object(refusals, "_INTERVAL", 0.01):
        play(watched)
    return kept[0], told


def test_the_first_one_of_each_host_is_told_at_once() -> None:
    def scenario(turned_away: Refusals, told: Lines) -> None:
        turned_away.add("10.0.0.1:5", "not in the filter")
        turned_away.add("[::1]:6", "the port is taken")
        assert told == ["refused 10.0.0.1:5: not in the filter", "refused [::1]:6: the port is taken"]

    watch(scenario)


def test_further_ones_are_told_of_after_a_minute_and_then_no_more() -> None:
    def scenario(turned_away: Refusals, told: Lines) -> None:
        for port in range(5):
            turned_away.add(f"10.0.0.1:{port}", "not in the filter")
        assert len(told) == 1
        assert turned_away.is_known("10.0.0.1")
        assert not turned_away.is_known("10.0.0.2")

    turned_away, told = watch(scenario, minutes=2)
    assert told[1:] == ["refused 10.0.0.1: 4 more in the last minute"]
    assert turned_away.total == 5


def test_what_has_not_been_told_is_told_at_the_end() -> None:
    def scenario(turned_away: Refusals, _: Lines) -> None:
        for port in range(3):
            turned_away.add(f"10.0.0.1:{port}", "not in the filter")

    assert watch(scenario)[1][1:] == ["refused 10.0.0.1: 2 more in the last minute"]


def test_many_hosts_are_told_of_together_and_the_latest_hundred_are_remembered() -> None:
    def scenario(turned_away: Refusals, told: Lines) -> None:
        for number in range(150):
            turned_away.add(f"10.0.0.{number}:1", "not in the filter")
        assert len(told) == 100

    turned_away, told = watch(scenario)
    assert told[100:] == ["refused other hosts: 50 more in the last minute"]
    assert [peer.host for peer in turned_away.peers()] == [f"10.0.0.{number}" for number in range(149, 49, -1)]


def test_the_peers_are_the_latest_first_with_count_and_last_reason() -> None:
    def scenario(turned_away: Refusals, _: Lines) -> None:
        turned_away.add("10.0.0.1:1", "not in the filter")
        turned_away.add("10.0.0.2:1", "not in the filter")
        turned_away.add("10.0.0.1:2", "the port is taken")

    first, second = watch(scenario)[0].peers()
    assert (first.host, first.count, first.reason) == ("10.0.0.1", 2, "the port is taken")
    assert (second.host, second.count, second.reason) == ("10.0.0.2", 1, "not in the filter")
    assert 0 <= first.age <= second.age < 30


def test_hosts_are_read_from_addresses() -> None:
    assert [host_of("10.0.0.1:2404"), host_of("[fe80::1%eth0]:7"), host_of("?")] == ["10.0.0.1", "fe80::1%eth0", ""]


def test_nothing_is_left_behind_where_nobody_was_refused() -> None:
    async def scenario() -> None:
        turned_away = Refusals(Lines())
        turned_away.close()
        assert turned_away.peers() == ()
        await asyncio.sleep(0)

    play(scenario)
