from collections.abc import Hashable
from datetime import datetime

import pytest

from iec104mm2ss.simulator import port as port_module
from tests.endpoint import Constants
from tests.peers import RawMaster, started_master
from tests.simulator.bay import CA, WALL, bay, octets
from tests.simulator.running import running_port
from tests.station import ACTCON, ACTTERM, initialised, interrogation, single_command, single_point, type_and_cause


def events(count: int) -> list[bytes]:
    return [single_point(CA, ioa) for ioa in range(1, count + 1)]


def test_the_end_of_initialisation_comes_first() -> None:
    with running_port(bay()) as running, RawMaster(running.number) as master:
        assert master.start() == initialised(CA)


def test_an_interrogation_over_the_wire() -> None:
    with running_port(bay()) as running, started_master(running.number) as master:
        master.post(interrogation(CA))
        values = master.take_until(interrogation(CA, ACTTERM))
        assert [type_and_cause(asdu) for asdu in values] == [(100, ACTCON), (3, 20), (1, 20), (13, 20)]
        assert running.witness.requests == [interrogation(CA)]
        assert running.witness.queue == [initialised(CA), *values, interrogation(CA, ACTTERM)]


def test_the_window_bounds_what_is_sent_and_the_order_stays() -> None:
    # gateway_k makes the peer accuse a station that sends more than its k.
    with running_port(bay(), k=3) as running, started_master(running.number, Constants(w=2, gateway_k=3)) as master:
        assert running.send(*events(100))
        assert master.take(100) == events(100)
        assert master.most_outstanding <= 3


def test_without_a_started_master_nothing_is_kept() -> None:
    with running_port(bay()) as running:
        assert not running.send(*events(1))
        with RawMaster(running.number) as master:
            assert not running.send(*events(2))
            master.start()
            assert running.send(*events(3))
            assert master.take(3) == events(3)
        assert running.witness.queue == [initialised(CA), *events(3)]


def test_what_a_master_was_not_sent_is_not_for_its_successor() -> None:
    with running_port(bay(), k=2) as running:
        with started_master(running.number) as first:
            first.acknowledges = False
            running.send(*events(10))
        running.witness.wait_note("disconnected")
        with started_master(running.number) as second:
            running.send(single_point(CA, 99))
            assert second.take(1) == [single_point(CA, 99)]


def test_what_a_master_was_not_sent_before_it_stopped_is_dropped() -> None:
    with running_port(bay(), k=2) as running, started_master(running.number) as master:
        master.acknowledges = False
        running.send(*events(10))
        master.take(1)
        master.acknowledges = True
        master.stop()
        running.witness.wait_note("stopped")
        assert master.start() == initialised(CA)
        running.send(single_point(CA, 99))
        assert master.take(1) == [single_point(CA, 99)]


def test_beyond_its_limit_the_queue_drops_the_oldest_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "QUEUE_LIMIT", 5)
    with running_port(bay(), k=2) as running, started_master(running.number) as master:
        running.send(*events(20))
        assert master.take(5) == events(20)[15:]
        assert running.call(lambda: running.port.lost) == 15


def test_a_second_connection_is_refused_while_the_first_is_there() -> None:
    with running_port(bay()) as running:
        with started_master(running.number) as first, RawMaster(running.number) as second:
            second.wait_closed()
            running.witness.wait_note(f"refused {second.name}: {first.name} is connected")
            first.test()
        running.witness.wait_note("disconnected")
        with started_master(running.number):
            pass


def test_the_filter_refuses() -> None:
    with running_port(bay(), accepts=lambda address: address != "127.0.0.1") as running:
        with RawMaster(running.number) as master:
            master.wait_closed()
        running.witness.wait_note("not in the filter")


def test_the_selection_of_a_lost_master_ends_with_it() -> None:
    select, refused = octets("2e010600 2000 095200 81"), octets("2e014700 2000 095200 81")
    with running_port(bay()) as running:
        with started_master(running.number) as first:
            first.post(select, select)
            assert refused not in first.take(2)
        running.witness.wait_note("disconnected")
        with started_master(running.number) as second:
            second.post(select)
            assert second.take(1) == [octets("2e010700 2000 095200 81")]


def test_a_status_change_is_tagged_with_the_local_time_of_the_machine() -> None:
    with running_port(bay()) as running, started_master(running.number) as master:
        before = port_module.local_time()
        master.post(single_command(CA, 21002))
        _, status, _ = master.take(3)
        after = port_module.local_time()
        minute_and_hour = status[12] & 0x3F, status[13] & 0x1F
        assert minute_and_hour in {(before.minute, before.hour), (after.minute, after.hour)}


def test_what_is_tolerated_is_noted() -> None:
    with running_port(bay()) as running, started_master(running.number) as master:
        master.send_raw(octets("6804 0101 0200"))  # an S-frame with a second control octet that is not 0; N(R) 1
        running.witness.wait_note("tolerated: S-frame with second octet 0x01")
        master.test()


class Broken:
    """A station with a bug."""

    def initialised(self) -> bytes:
        return initialised(CA)

    def receive(self, asdu: bytes, session: Hashable, now: float, wall: datetime) -> list[bytes]:
        raise LookupError("bug")

    def forget(self, session: Hashable) -> None:
        pass


def test_a_bug_in_the_station_costs_the_connection_and_is_reported() -> None:
    with running_port(Broken()) as running:
        with started_master(running.number) as master:
            master.post(interrogation(CA))
            master.wait_closed()
        assert [repr(bug) for bug in running.witness.bugs] == ["LookupError('bug')"]
        running.witness.bugs.clear()
        with started_master(running.number):
            pass


def test_closing_the_port_closes_the_connection() -> None:
    station = bay()
    with running_port(station) as running:
        master = started_master(running.number)
        running.send(station.change(301, 1, WALL))
        master.take(1)
    with master:
        master.wait_closed()
