import pytest

from iec104mm2ss.wire.types import TypeId, object_size, type_name

# Blocks of clause 7.2.1 of -101 and clause 8 of -104: monitoring, commands, initialisation, system, parameters, files.
DEFINED = {*range(1, 22), *range(30, 41), *range(45, 52), *range(58, 65), 70, *range(100, 108), *range(110, 114)} | {
    *range(120, 128)
}


def test_every_type_of_the_standard_has_a_member() -> None:
    assert {member.value for member in TypeId} == DEFINED


@pytest.mark.parametrize(
    ("type_id", "name"),
    [
        (1, "M_SP_NA_1"),
        (2, "M_SP_TA_1"),
        (21, "M_ME_ND_1"),
        (30, "M_SP_TB_1"),
        (40, "M_EP_TF_1"),
        (45, "C_SC_NA_1"),
        (64, "C_BO_TA_1"),
        (70, "M_EI_NA_1"),
        (100, "C_IC_NA_1"),
        (107, "C_TS_TA_1"),
        (113, "P_AC_NA_1"),
        (127, "F_SC_NB_1"),
    ],
)
def test_name_is_that_of_the_standard(type_id: int, name: str) -> None:
    assert type_name(type_id) == name


@pytest.mark.parametrize("type_id", [0, 22, 41, 128, 200, 255])
def test_other_types_are_named_by_number(type_id: int) -> None:
    assert type_name(type_id) == f"type {type_id}"
    assert object_size(type_id) is None


@pytest.mark.parametrize(
    ("type_id", "size"),
    [
        (1, 1),  # SIQ
        (2, 4),  # SIQ, CP24
        (5, 2),  # VTI, QDS
        (9, 3),  # NVA, QDS
        (13, 5),  # R32, QDS
        (15, 5),  # BCR
        (17, 6),  # SEP, CP16, CP24
        (18, 7),  # SPE, QDP, CP16, CP24
        (20, 5),  # SCD, QDS
        (21, 2),  # NVA
        (30, 8),  # SIQ, CP56
        (36, 12),  # R32, QDS, CP56
        (38, 10),  # SEP, CP16, CP56
        (39, 11),  # SPE, QDP, CP16, CP56
        (51, 4),  # BSI
        (63, 12),  # R32, QOS, CP56
        (102, 0),  # nothing
        (104, 2),  # FBP
        (107, 9),  # TSC, CP56
        (112, 5),  # R32, QPM
        (120, 6),  # NOF, LOF, FRQ
        (126, 13),  # NOF, LOF, SOF, CP56
        (127, 16),  # NOF, CP56, CP56
    ],
)
def test_size_counts_the_elements_without_the_address(type_id: int, size: int) -> None:
    assert object_size(type_id) == size


def test_only_a_segment_has_no_fixed_size() -> None:
    assert [type_id for type_id in DEFINED if object_size(type_id) is None] == [TypeId.F_SG_NA_1]


@pytest.mark.parametrize(
    ("untagged", "tagged"), [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)]
)
def test_a_tag_of_101_adds_three_octets(untagged: int, tagged: int) -> None:
    assert object_size(tagged) == (object_size(untagged) or 0) + 3


@pytest.mark.parametrize(
    ("untagged", "tagged"), [*zip(range(1, 17, 2), range(30, 38), strict=True), *((n, n + 13) for n in range(45, 52))]
)
def test_a_tag_of_104_adds_seven_octets(untagged: int, tagged: int) -> None:
    assert object_size(tagged) == (object_size(untagged) or 0) + 7
