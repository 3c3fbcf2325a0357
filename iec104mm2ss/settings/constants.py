"""The IEC 104 constants (k, w, t0..t3, idle time) of the file or of one row, and what contradicts what."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

from iec104mm2ss.link.parameters import LinkParameters
from iec104mm2ss.settings.options import Given

DEFAULTS = LinkParameters(idle=60.0)
_FIELDS = {"idletime": "idle"}


def combined(base: LinkParameters, given: Mapping[str, Given]) -> dict[str, Any]:
    """The fields of `base` with the given settings over them; `k` without `w` lowers w where it is too large."""
    values = dataclasses.asdict(base)
    values |= {_FIELDS.get(name, name): setting.value for name, setting in given.items()}
    if "k" in given and "w" not in given:
        values["w"] = min(values["w"], largest_w(values["k"]))
    return values


def largest_w(k: int) -> int:
    """What the standard recommends as the upper limit of w: two thirds of k (5.5), at least 1."""
    return max(1, 2 * k // 3)


def contradictions(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Pairs of names that cannot stand together, and why."""
    if values["t2"] >= values["t1"]:
        yield ("t2", "t1"), f"t2 ({values['t2']:g} s) should be shorter than t1 ({values['t1']:g} s); set both"
    if values["w"] > values["k"]:
        yield ("w", "k"), f"w ({values['w']}) should not be larger than k ({values['k']}), better two thirds of it"


def doubts(values: Mapping[str, Any], given: Mapping[str, Given]) -> Iterator[tuple[Given, str]]:
    """Settings that can stand but hardly mean what was wanted, and why."""
    idle, t3 = values["idle"], values["t3"]
    if "w" in given and values["w"] > largest_w(values["k"]):
        text = f"w ({values['w']}) should be at most two thirds of k ({values['k']}), or the peer may wait for us"
        yield given["w"], text
    if "idletime" in given and math.isinf(idle):
        yield given["idletime"], "idletime is never: a connection without traffic is not closed"
    late = given.get("idletime") or given.get("t3")
    if late and idle < t3:
        when = "that is never tested (t3)" if math.isinf(t3) else f"before t3 ({t3:g} s) has it tested"
        yield late, f"idletime ({idle:g} s) closes a quiet connection {when}"


def first_given(names: tuple[str, ...], given: Mapping[str, Given]) -> Given:
    """The setting to blame: the first of the names that was given at all."""
    return next(given[name] for name in names if name in given)
