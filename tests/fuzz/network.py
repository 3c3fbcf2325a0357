"""Fuzzing of the running program from both sides: numbered cases, each of which can be played again alone.

A case is what one peer sends: frames in order, ASDUs that are nearly right, octets of any kind, and an end. After each
case masters of its own group and of another one must be served as before.
"""

from __future__ import annotations

import random
import socket
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.fuzz import seeds
from tests.fuzz.mutation import mutated
from tests.fuzz.routing_target import TEMPLATES
from tests.peers import RawMaster
from tests.stage import MASTER_CA, RTU_CA, RtuStage, Stage
from tests.station import with_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.endpoint import Connection
    from tests.stage import Attacker

LONGEST_ASDU, SHORTEST_ASDU = 249, 6
SAID_EVERY = 5.0
RTU_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent next: an ASDU in a frame with the right numbers, or octets as they are, in pieces of that size."""

    asdu: bytes = b""
    octets: bytes = b""
    piece: int = 0

    def play(self, connection: Connection) -> None:
        if self.asdu:
            with connection.sending():
                connection.send_raw(connection.next_i_frame(self.asdu))
        elif self.piece:
            starts = range(0, len(self.octets), self.piece)
            connection.send_segments([self.octets[at : at + self.piece] for at in starts])
        else:
            connection.send_raw(self.octets)


@dataclass(frozen=True, slots=True)
class Case:
    """One peer's part. `started`: whether data transfer has begun before; `end`: how the peer goes."""

    number: int
    from_rtu: bool
    started: bool
    steps: tuple[Step, ...]
    end: str

    @classmethod
    def of(cls, seed: int, number: int) -> Self:
        source = random.Random(f"{seed}/{number}")
        from_rtu = source.random() < RTU_SHARE
        ca = RTU_CA if from_rtu else MASTER_CA
        steps = tuple(_step(source, ca) for _ in range(source.randint(1, 8)))
        return cls(number, from_rtu, source.random() < 0.8, steps, source.choice(["close", "reset", "half", "stay"]))

    def __str__(self) -> str:
        sent = [f"  ASDU {it.asdu.hex(' ')}" if it.asdu else f"  {it.octets.hex(' ')}" for it in self.steps]
        who = "RTU" if self.from_rtu else "master"
        begins = f"case {self.number}, {who}, {'' if self.started else 'not '}started, ends with {self.end}"
        return "\n".join([begins, *sent])


def _step(source: random.Random, ca: int) -> Step:
    if source.random() < 0.6:
        asdu = with_header(source.choice(TEMPLATES), ca=ca)
        if source.random() < 0.7:
            asdu = mutated(source, [asdu]).ljust(SHORTEST_ASDU, b"\0")[:LONGEST_ASDU]
        return Step(asdu=asdu)
    frames = seeds.framing()
    octets = mutated(source, frames) if source.random() < 0.7 else source.choice(frames)
    return Step(octets=octets, piece=source.choice([0, 0, 1, 7]))


class Arena:
    """A gateway whose masters can be attacked, and one whose RTUs can."""

    def __init__(self, masters: Stage, rtus: RtuStage) -> None:
        self._masters, self._rtus = masters, rtus

    def play(self, case: Case) -> None:
        if case.from_rtu:
            self._play_rtu(case, self._rtus.attacker("started" if case.started else "pending"))
            self._rtus.assert_healthy()
        else:
            self._play_master(case)
            self._masters.assert_healthy()

    def _play_master(self, case: Case) -> None:
        master = self._masters.victim() if case.started else RawMaster(self._masters.victims_port)
        try:
            _play(case, master)
        finally:
            master.close(reset=case.end == "reset")

    @staticmethod
    def _play_rtu(case: Case, attacker: Attacker) -> None:
        link = attacker.ready()
        _play(case, link)
        link.close(reset=case.end == "reset")
        attacker.left()


def _play(case: Case, connection: Connection) -> None:
    for step in case.steps:
        step.play(connection)
    if case.end == "half":
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return
        connection.wait_closed()
    elif case.end == "stay":
        time.sleep(0.05)


def failures(arena: Arena, cases: Iterator[Case]) -> Iterator[tuple[Case, str]]:
    """Play cases; give each with what went wrong, empty where nothing did."""
    for case in cases:
        try:
            arena.play(case)
        except Exception:  # noqa: BLE001 - the boundary: whatever it is, it is what was looked for
            yield case, traceback.format_exc()
        else:
            yield case, ""


def run(cases: int, seed: int, *, first: int, say: Callable[[str], None]) -> int:
    """Play so many cases from number `first` on; return 1 at the first that harms anybody, with how to repeat it."""
    began = said = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("masters", "rtus")]
        for folder in folders:
            folder.mkdir()
        with Stage(folders[0]) as masters, RtuStage(folders[1]) as rtus:
            numbered = (Case.of(seed, number) for number in range(first, first + cases))
            for case, failure in failures(Arena(masters, rtus), numbered):
                if failure:
                    say(f"{failure}\n{case}\nagain: python -m tests.fuzz network --seed {seed} --first {case.number}")
                    return 1
                if time.monotonic() - said > SAID_EVERY:
                    said = time.monotonic()
                    say(f"network: {case.number - first + 1} of {cases} in {said - began:.0f} s")
    say(f"network: {cases} cases from {first} on with seed {seed}: no finding in {time.monotonic() - began:.0f} s")
    return 0
