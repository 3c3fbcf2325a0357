"""A bay as c104 has it: a switch, a measurement and two commands with select, as an RTU and as a master see it."""

from collections.abc import Iterator
from contextlib import contextmanager

import c104

from tests.matrix.c104_peers import C104Master, C104Rtu, running_client

RTU_CA = 32
SWITCH, MEASUREMENT, BREAKER, DOUBLE = 1, 2, 100, 101
SELECT_AND_EXECUTE = c104.CommandMode.SELECT_AND_EXECUTE


class BayRtu(C104Rtu):
    def __init__(self, security: c104.TransportSecurity | None = None) -> None:
        super().__init__(RTU_CA, security)
        self.switch = self.point(SWITCH, c104.Type.M_SP_NA_1)
        self.measurement = self.point(MEASUREMENT, c104.Type.M_ME_NC_1)
        self.command(BREAKER, c104.Type.C_SC_NA_1)
        self.command(DOUBLE, c104.Type.C_DC_NA_1)


class BayMaster(C104Master):
    def __init__(self, port: int, ca: int, security: c104.TransportSecurity | None = None) -> None:
        super().__init__(port, ca, security)
        self.switch = self.point(SWITCH, c104.Type.M_SP_NA_1)
        self.measurement = self.point(MEASUREMENT, c104.Type.M_ME_NC_1)
        self.breaker = self.point(BREAKER, c104.Type.C_SC_NA_1, SELECT_AND_EXECUTE)
        self.double = self.point(DOUBLE, c104.Type.C_DC_NA_1, SELECT_AND_EXECUTE)


@contextmanager
def bay_master(port: int, ca: int, security: c104.TransportSecurity | None = None) -> Iterator[BayMaster]:
    """Give a master that has started and has M_EI."""
    master = BayMaster(port, ca, security)
    with running_client(master):
        yield master
