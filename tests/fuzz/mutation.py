"""Mutations of seeds, from a seeded source: the same numbers give the same inputs on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

INTERESTING = [
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x68",
    b"\x68\x04",
    b"\x68\xfd",
    b"\xff\xff",
    b"\x00\x80",
    b"\xfe\xff",
    b"\x01\x00\x00\x00",
    b'"',
    b",",
    b"\n",
    b"!",
    b"65536",
    b"1e400",
    b"\xc3\x28",
]


def inputs(seed: int, chunk: int, count: int, seeds: Sequence[bytes], longest: int = 512) -> Iterator[bytes]:
    """The inputs of one chunk of a run, cut at `longest` octets.

    Every chunk has its own source, so it can be run again alone.
    """
    source = random.Random(seed << 32 | chunk)
    for _ in range(count):
        yield mutated(source, seeds)[:longest]


def mutated(source: random.Random, seeds: Sequence[bytes]) -> bytes:
    octets = bytearray(seeds[int(source.random() * len(seeds))])
    for _ in range(1 + int(source.random() * 4)):
        _MUTATIONS[int(source.random() * len(_MUTATIONS))](source, octets, seeds)
    return bytes(octets)


def _place(source: random.Random, octets: bytearray) -> int:
    return int(source.random() * (len(octets) + 1))


def _flip(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    if octets:
        octets[int(source.random() * len(octets))] ^= 1 << int(source.random() * 8)


def _replace(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    if octets:
        octets[int(source.random() * len(octets))] = int(source.random() * 256)


def _insert(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    place = _place(source, octets)
    octets[place:place] = source.randbytes(1 + int(source.random() * 8))


def _put(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    place, known = _place(source, octets), INTERESTING[int(source.random() * len(INTERESTING))]
    octets[place : place + int(source.random() * (len(known) + 1))] = known


def _remove(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    place = _place(source, octets)
    del octets[place : place + 1 + int(source.random() * 8)]


def _repeat(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    place = _place(source, octets)
    octets[place:place] = octets[place : place + 1 + int(source.random() * 16)]


def _splice(source: random.Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    other = seeds[int(source.random() * len(seeds))]
    octets[_place(source, octets) :] = other[int(source.random() * (len(other) + 1)) :]


Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], None]
_MUTATIONS: list[Mutation] = [_flip, _replace, _replace, _insert, _put, _remove, _repeat, _splice]
