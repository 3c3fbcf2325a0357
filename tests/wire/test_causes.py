import pytest

from iec104mm2ss.wire.causes import Cause, cause_label, cause_name

RESERVED = {17, 18, 19, 42, 43}


def test_every_cause_of_the_standard_has_a_member() -> None:
    assert {member.value for member in Cause} == set(range(1, 48)) - RESERVED


@pytest.mark.parametrize(
    ("cause", "name", "label"),
    [
        (0, "not used", "unused(0)"),
        (1, "periodic, cyclic", "per/cyc(1)"),
        (3, "spontaneous", "spont(3)"),
        (7, "activation confirmation", "actcon(7)"),
        (10, "activation termination", "actterm(10)"),
        (20, "interrogated by station interrogation", "inrogen(20)"),
        (21, "interrogated by group 1 interrogation", "inro1(21)"),
        (36, "interrogated by group 16 interrogation", "inro16(36)"),
        (37, "requested by general counter request", "reqcogen(37)"),
        (41, "requested by group 4 counter request", "reqco4(41)"),
        (44, "unknown type identification", "unknown-type(44)"),
        (47, "unknown information object address", "unknown-ioa(47)"),
    ],
)
def test_name_and_label(cause: int, name: str, label: str) -> None:
    assert (cause_name(cause), cause_label(cause)) == (name, label)


@pytest.mark.parametrize("cause", [*sorted(RESERVED), 48, 63])
def test_reserved_and_private_causes_are_named_by_number(cause: int) -> None:
    assert (cause_name(cause), cause_label(cause)) == ("reserved", f"cause({cause})")


def test_labels_are_distinct_and_named() -> None:
    labels = [cause_label(member) for member in Cause]
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if label.startswith("cause")]
