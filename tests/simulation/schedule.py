"""What happens to a world, drawn from its seed: a list of moments, each with a chance of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

from iec104mm2ss.wire.apci import encode_i
from tests.simulation import site
from tests.simulation.book import PRIVATE, VALUE
from tests.simulation.network import Conditions
from tests.simulation.rtu import Temper
from tests.station import (
    ACT,
    DEACT,
    SELECT,
    address,
    asdu,
    clock,
    counter_interrogation,
    initialised,
    interrogation,
    read,
)

if TYPE_CHECKING:
    from tests.simulation.master import Master, Session
    from tests.simulation.peer import Peer
    from tests.simulation.world import Station, World

_ILLEGAL: Final = (
    b"\x69\x04\x01\x00\x00\x00",
    b"\x68\x03\x01\x00\x00\x00",
    b"\x68\xff\x00\x00\x00\x00",
    b"\x68\x04\x03\x00\x00\x00",
    b"\x68\x04\x01\x00\xfe\xff",
    b"\x68\x0e\x10\x27\x00\x00\x01\x01\x03\x00\x01\x00\x01\x00\x00\x01",
    bytes(range(40)),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """At which second what happens to which group, and the seed of its details."""

    at: float
    action: str
    group: int
    chance: int

    def happen(self, world: World) -> None:
        """Act."""
        station = world.stations[self.group]
        world.trace.note(f"group {self.group}", self.action)
        ACTIONS[self.action](world, station, Random(self.chance))


def draw(random: Random, length: float, moments: int) -> list[Moment]:
    """A schedule of so many seconds and moments; of the actions some are left out, so that others come more often."""
    names = list(ACTIONS)
    weights = [random.choice((0, 0, 1, 1, 4)) if name not in _ALWAYS else 4 for name in names]
    times = sorted(random.uniform(0, length) for _ in range(moments))
    return [Moment(at, random.choices(names, weights)[0], 1, random.randrange(1 << 32)) for at in times]


# The RTU tells of something.


def _events(world: World, station: Station, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 5))):
        station.rtu.event()
        station.rtu.value()
    station.rtu.flush()


def _avalanche(world: World, station: Station, random: Random) -> None:
    for _ in range(random.choice((20, 100, 400))):
        if random.random() < 0.7:
            station.rtu.event()
        else:
            station.rtu.value()
    station.rtu.flush()


def _other_kinds(world: World, station: Station, random: Random) -> None:
    rtu = station.rtu
    rtu.value(type_id=PRIVATE, cause=random.choice((1, 2, 3, 11, 12, 50)))
    rtu.value(cause=random.choice((1, 2, 11, 12)))
    rtu.unnumbered(initialised(rtu.ca))
    rtu.unnumbered(asdu(VALUE, 3, rtu.ca, address(1)))  # without its element
    rtu.flush()


def _another_station(world: World, station: Station, random: Random) -> None:
    station.rtu.event(ca=station.rtu.ca + random.choice((1, 2, 7)))
    station.rtu.value(ca=station.rtu.ca + random.choice((1, 2, 7)))
    station.rtu.flush()


# The RTU's connection and its life.


def _rtu_resets(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None:
        station.rtu.peer.transport.peer.break_off("Connection reset by peer")
        station.rtu.peer.abort("reset")


def _rtu_closes(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None:
        station.rtu.peer.close("it closes")


def _rtu_restarts(world: World, station: Station, random: Random) -> None:
    rtu = station.rtu
    if random.random() < 0.3:
        rtu.forget()
    if rtu.peer is not None:
        rtu.peer.vanish()
    rtu.listen(on=False)
    world.later(random.uniform(0.5, 40), lambda: _come_up(world, station))


def _come_up(world: World, station: Station) -> None:
    """Have a host that was off answer again: what still comes for its former connections is refused."""
    station.rtu.listen()
    for end in world.network.of_gateway():
        if end.peer.vanished and end.remote in station.rtu.hosts:
            end.break_off("Connection reset by peer")


def _rtu_is_dark(world: World, station: Station, random: Random) -> None:
    host = random.choice(station.rtu.hosts)[0]
    world.network.dark.add(host)
    world.later(random.uniform(1, 60), lambda: world.network.dark.discard(host))


def _rtu_does_not_start(world: World, station: Station, random: Random) -> None:
    rtu = station.rtu
    rtu.starts = False

    def start() -> None:
        rtu.starts = True

    world.later(random.uniform(1, 30), start)


def _rtu_changes_temper(world: World, station: Station, random: Random) -> None:
    station.rtu.temper = Temper(
        delay=random.choice(((0.0, 0.01), (0.01, 0.5), (0.5, 3.0), (2.0, 8.0))),
        refuses=random.choice((0.0, 0.1, 0.5)),
        silent=random.choice((0.0, 0.0, 0.2, 1.0)),
        endless=random.choice((0.0, 0.3)),
        mirrors=random.random() < 0.5,
        points=random.choice((0, 5, 40)),
    )


def _rtu_breaks_rules(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None:
        _break_rules(station.rtu.peer, random)


def _rtu_repeats(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None and station.rtu.peer.sent and station.rtu.sent:
        _repeat(station.rtu.peer, station.rtu.sent[-1].asdu)


def _rtu_stalls(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None:
        _stall(world, station.rtu.peer, random)


def _rtu_is_cut_off(world: World, station: Station, random: Random) -> None:
    if station.rtu.peer is not None:
        _cut_off(world, station.rtu.peer, random)


# What befalls any peer.


def _break_rules(peer: Peer, random: Random) -> None:
    peer.wild = True
    peer.write(random.choice(_ILLEGAL))


def _repeat(peer: Peer, octets: bytes) -> None:
    """Send a frame a second time: with the N(S) of the last one."""
    peer.wild = True
    peer.write(encode_i((peer.sent - 1) % 32768, peer.confirmed % 32768, (octets,)))


def _stall(world: World, peer: Peer, random: Random) -> None:
    """Hang for a while: read nothing, do nothing."""
    peer.transport.pause_reading()
    world.later(random.choice((0.5, 5.0, 20.0, 60.0)), peer.transport.resume_reading)


def _cut_off(world: World, peer: Peer, random: Random) -> None:
    """Have nothing come through for a while, in one direction or both."""
    until = world.loop.time() + random.choice((0.5, 4.0, 12.0, 40.0))
    ends = random.choice(((peer.transport,), (peer.transport.peer,), (peer.transport, peer.transport.peer)))
    for end in ends:
        end.freeze(until)


# A master comes, goes and hangs.


def _some_master(station: Station, random: Random) -> Master:
    return station.masters[random.choice(list(station.masters))]


def _some_peer(station: Station, random: Random) -> Peer | None:
    master = _some_master(station, random)
    return random.choice(master.peers) if master.peers else None


def _master_resets(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        peer.transport.peer.break_off("Connection reset by peer")
        peer.abort("reset")


def _master_closes(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        peer.close("it closes")


def _master_vanishes(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        peer.vanish()


def _master_is_away(world: World, station: Station, random: Random) -> None:
    master = _some_master(station, random)
    master.leave()
    world.later(random.choice((1.0, 10.0, 100.0, 400.0)), lambda: world.return_of(station, master))


def _master_stalls(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        _stall(world, peer, random)


def _master_is_cut_off(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        _cut_off(world, peer, random)


def _master_stops(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        _some_master_of(station, peer).stop(peer)


def _some_master_of(station: Station, peer: Peer) -> Master:
    return next(master for master in station.masters.values() if peer in master.peers)


def _master_is_mute(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        peer.mute = True


def _master_breaks_rules(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None:
        _break_rules(peer, random)


def _master_repeats(world: World, station: Station, random: Random) -> None:
    peer = _some_peer(station, random)
    if peer is not None and peer.sent:
        _repeat(peer, interrogation(1))


def _one_more_connection(world: World, station: Station, random: Random) -> None:
    _some_master(station, random).dial()


def _port_is_stolen(world: World, station: Station, random: Random) -> None:
    port = random.choice(list(station.masters))
    if world.network.steal(port):
        world.later(random.uniform(1, 20), lambda: world.network.give_back(port))


# Masters ask.


def _asking(station: Station, random: Random) -> tuple[Master, Session] | None:
    master = _some_master(station, random)
    session = master.session
    return None if session is None or session.ca < 0 else (master, session)


def _interrogates(world: World, station: Station, random: Random) -> None:
    for _ in range(random.choice((1, 1, 4))):
        if (asking := _asking(station, random)) is not None:
            master, session = asking
            ca, oa = random.choice((session.ca, 65535)), random.choice((0, 3))
            if random.random() < 0.7:
                request = interrogation(ca, qualifier=random.choice((20, 20, 21)), oa=oa)
            else:
                request = counter_interrogation(ca, qualifier=random.choice((5, 1, 0x45)), oa=oa)
            master.ask(session, request, allowed=True)
            if random.random() < 0.15:
                master.ask(session, bytes((request[0], 1, DEACT, *request[3:])))
            session.peer.flush()


def _reads(world: World, station: Station, random: Random) -> None:
    if (asking := _asking(station, random)) is not None:
        master, session = asking
        master.ask(session, read(session.ca, random.randint(1, 3), oa=4))
        session.peer.flush()


def _sets_clock(world: World, station: Station, random: Random) -> None:
    if (asking := _asking(station, random)) is not None:
        master, session = asking
        number = station.book.next().to_bytes(4, "little")
        master.ask(session, clock(session.ca)[:9] + number + b"\1\1\6")
        session.peer.flush()


def _operates(world: World, station: Station, random: Random) -> None:
    if (asking := _asking(station, random)) is not None:
        master, session = asking
        _command(station, master, session, random)
        session.peer.flush()


def _command(station: Station, master: Master, session: Session, random: Random) -> None:
    """Select and operate, or one of them, or select and cancel; or a command that must not reach the RTU."""
    ca = random.choice((session.ca, session.ca, session.ca, station.rtu.ca))
    allowed = ca == session.ca and master.commands
    objects = address(random.randint(1, 3)) + station.book.next().to_bytes(4, "little")
    for order, cause in random.choice(
        (((SELECT, ACT), (0, ACT)), ((0, ACT),), ((SELECT, ACT),), ((SELECT, ACT), (0, DEACT)))
    ):
        octets = asdu(50, cause, ca, objects + bytes((order or (SELECT if cause == DEACT else 0),)), oa=5)
        master.ask(session, octets, allowed=allowed)


def _contend(world: World, station: Station, random: Random) -> None:
    """Have all masters select one point and operate it a little later, whatever became of the select."""
    for master in station.masters.values():
        if (session := master.session) is not None and session.ca >= 0:
            objects = address(1) + station.book.next().to_bytes(4, "little")
            select = asdu(50, ACT, session.ca, objects + bytes((SELECT,)))
            execute = asdu(50, ACT, session.ca, objects + b"\0")
            world.later(random.uniform(0, 1), partial(_ask_now, master, session, select))
            world.later(random.uniform(0, 3), partial(_ask_now, master, session, execute))


def _ask_now(master: Master, session: Session, octets: bytes) -> None:
    if session is master.session:
        master.ask(session, octets, allowed=master.commands)
        session.peer.flush()


def _floods(world: World, station: Station, random: Random) -> None:
    if (asking := _asking(station, random)) is not None:
        _flood(station, *asking, random, random.choice((30, 30, 70, 150) if random.random() < 0.95 else (1200,)))


def _flood(station: Station, master: Master, session: Session, random: Random, count: int) -> None:
    for _ in range(count):
        objects = address(random.randint(1, 9)) + station.book.next().to_bytes(4, "little")
        master.ask(session, asdu(51, ACT, session.ca, objects, oa=6), allowed=master.commands)
    session.peer.flush()


def _rushes_a_hanging_rtu(world: World, station: Station, random: Random) -> None:
    """Have every master command while the RTU takes nothing, for longer than a command may wait."""
    if station.rtu.peer is not None:
        station.rtu.peer.transport.pause_reading()
        world.later(random.uniform(3, 12), station.rtu.peer.transport.resume_reading)
    for master in station.masters.values():
        if (session := master.session) is not None and session.ca >= 0:
            _flood(station, master, session, random, 20)


def _sends_nonsense(world: World, station: Station, random: Random) -> None:
    """Send what only an RTU sends, or what nobody can read, for which the connection is closed."""
    if (asking := _asking(station, random)) is not None:
        _, session = asking
        if random.random() < 0.5:
            session.peer.post(asdu(7, 3, session.ca, address(1) + b"\xff\xff\xff\xff\0"))
        else:
            session.peer.post(asdu(45, ACT, session.ca, address(1)))
        session.peer.flush()


# The machine and its operator.


def _network_changes(world: World, station: Station, random: Random) -> None:
    world.network.conditions = Conditions(
        delay=random.choice(((0.0, 0.0), (0.0005, 0.01), (0.02, 0.3), (0.0, 1.0))),
        cut=random.choice((0.0, 0.1, 0.9)),
        joined=random.choice((0.0, 0.8, 1.0)),
        capacity=random.choice((256, 4096, 65_536)),
    )


def _clock_steps(world: World, station: Station, random: Random) -> None:
    world.loop.wall_offset += random.choice((-1, 1)) * 10 ** random.uniform(0, 9)


def _reload(world: World, station: Station, random: Random) -> None:
    world.reload(site.changed(random, station.row))


def _operator_disconnects(world: World, station: Station, random: Random) -> None:
    world.do(world.gateway.disconnect(_some_key(world, station, random)))


def _operator_restarts(world: World, station: Station, random: Random) -> None:
    world.do(world.attempt(world.gateway.restart(_some_key(world, station, random))))


def _operator_disables(world: World, station: Station, random: Random) -> None:
    key = _some_key(world, station, random)
    world.do(world.attempt(world.gateway.disable(key)))
    world.later(random.uniform(1, 60), lambda: world.do(world.attempt(world.gateway.enable(key))))


def _some_key(world: World, station: Station, random: Random) -> str:
    number = station.row.number
    return random.choice([f"{number}/S", *(f"{number}/{port}" for port in station.masters)])


ACTIONS: Final = {
    "events": _events,
    "avalanche": _avalanche,
    "other kinds": _other_kinds,
    "another station": _another_station,
    "rtu resets": _rtu_resets,
    "rtu closes": _rtu_closes,
    "rtu restarts": _rtu_restarts,
    "rtu is dark": _rtu_is_dark,
    "rtu does not start": _rtu_does_not_start,
    "rtu changes temper": _rtu_changes_temper,
    "rtu breaks rules": _rtu_breaks_rules,
    "rtu repeats": _rtu_repeats,
    "rtu stalls": _rtu_stalls,
    "rtu is cut off": _rtu_is_cut_off,
    "master resets": _master_resets,
    "master closes": _master_closes,
    "master vanishes": _master_vanishes,
    "master is away": _master_is_away,
    "master stalls": _master_stalls,
    "master is cut off": _master_is_cut_off,
    "master stops": _master_stops,
    "master is mute": _master_is_mute,
    "master breaks rules": _master_breaks_rules,
    "master repeats": _master_repeats,
    "one more connection": _one_more_connection,
    "port is stolen": _port_is_stolen,
    "interrogates": _interrogates,
    "reads": _reads,
    "sets clock": _sets_clock,
    "operates": _operates,
    "contend": _contend,
    "floods": _floods,
    "rushes a hanging rtu": _rushes_a_hanging_rtu,
    "sends nonsense": _sends_nonsense,
    "network changes": _network_changes,
    "clock steps": _clock_steps,
    "reload": _reload,
    "operator disconnects": _operator_disconnects,
    "operator restarts": _operator_restarts,
    "operator disables": _operator_disables,
}
_ALWAYS: Final = frozenset(("events", "interrogates", "operates"))
