"""The octets of a journal: what is whole is read, and nothing behind the first record that is not."""

from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.journal import records
from iec104mm2ss.journal.records import Contents, Event

ASDU = bytes.fromhex("1e0103000a000100000101cea0030ca5061a")
EVENT = Event(7, 1_780_000_000.5, ASDU)

asdus = st.binary(min_size=6, max_size=249)
positions = st.integers(0, 2**63)
events = st.builds(Event, positions, st.floats(0, 4e9), asdus)
places = st.dictionaries(st.integers(1, 65535), positions, max_size=5)


def test_the_octets_are_those_of_the_format() -> None:
    assert records.header(111, 32) == bytes.fromhex("0800d5932e17 4a 01 6f000000 2000")
    assert records.places({2406: 9}) == bytes.fromhex("0b008fb52c7c 50 6609 0900000000000000")
    head = bytes.fromhex("2300e1d9ddc8 45 0700000000000000 000020402986da41")
    assert records.event(EVENT) == head + ASDU


@given(st.lists(st.one_of(events, places), max_size=8))
def test_what_was_written_is_read(written: list[Event | dict[int, int]]) -> None:
    octets = b"".join(records.event(it) if isinstance(it, Event) else records.places(it) for it in written)
    contents = Contents()
    assert contents.read(octets) == len(octets)
    assert contents.events == {it.position: it for it in written if isinstance(it, Event)}
    assert contents.positions == next((it for it in reversed(written) if isinstance(it, dict)), {})


@given(st.lists(events, min_size=1, max_size=4, unique_by=lambda it: it.position), st.data())
def test_a_torn_record_ends_what_is_read(written: list[Event], data: st.DataObject) -> None:
    whole = [records.event(it) for it in written]
    octets = b"".join(whole)
    cut = data.draw(st.integers(0, len(octets) - 1))
    contents = Contents()
    end = contents.read(octets[:cut])
    complete = [at for at in range(len(whole)) if len(b"".join(whole[: at + 1])) <= cut]
    assert end == len(b"".join(whole[: len(complete)]))
    assert list(contents.events.values()) == [written[at] for at in complete]


@given(st.integers(0, 8 * len(records.event(EVENT)) - 1))
def test_one_wrong_bit_is_found(bit: int) -> None:
    octets = bytearray(records.event(EVENT))
    octets[bit // 8] ^= 1 << bit % 8
    contents = Contents()
    assert contents.read(bytes(octets)) == 0
    assert contents.events == {}


def test_octets_that_a_crash_left_zero_are_no_records() -> None:
    octets = records.event(EVENT)
    assert Contents().read(octets + bytes(4096)) == len(octets)


@given(st.binary(max_size=300))
def test_any_octets_can_be_read(octets: bytes) -> None:
    assert 0 <= Contents().read(octets) <= len(octets)
