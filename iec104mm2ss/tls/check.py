"""What a person should know of a connection's files before it is made."""

import os
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from iec104mm2ss.tls.certificates import CERTIFICATE, REVOCATION_LIST
from iec104mm2ss.tls.context import empty, judge
from iec104mm2ss.tls.files import TlsFileError, load_authorities, load_own, load_revoked, read
from iec104mm2ss.tls.parameters import TlsParameters

_SOON = timedelta(days=30)
_ALL_USERS = 0o007


class Complaint(NamedTuple):
    """What is wrong with the file of an option; `stops` where no connection can be made until it is mended."""

    option: str
    text: str
    stops: bool


def complaints(tls: TlsParameters, now: datetime) -> Iterator[Complaint]:
    """Why no connection can be made with these files, and what is to be done about them soon; nothing raises."""
    context = empty(server=True)
    for look_at in (_own, _authorities, _revoked):
        try:
            yield from look_at(context, tls, now)
        except TlsFileError as error:
            yield Complaint(error.option, str(error), stops=True)


def _own(context: ssl.SSLContext, tls: TlsParameters, now: datetime) -> Iterator[Complaint]:
    valid = load_own(context, tls)
    if os.name == "posix" and tls.key.stat().st_mode & _ALL_USERS:
        text = f"{tls.key} is open to every user of this machine; let only this program's user read it"
        yield Complaint("tls_key", text, stops=False)
    judge(tls.cert, valid, now)
    if valid.end - now < _SOON:
        text = f"the certificate in {tls.cert} expires on {valid.end:%Y-%m-%d}; renew it"
        yield Complaint("tls_cert", text, stops=False)


def _authorities(context: ssl.SSLContext, tls: TlsParameters, now: datetime) -> Iterator[Complaint]:
    load_authorities(context, tls)
    for valid in read("tls_ca", tls.ca, CERTIFICATE):
        if valid.end - now < _SOON:
            verb = "expired" if valid.end < now else "expires"
            yield Complaint("tls_ca", f"an authority in {tls.ca} {verb} on {valid.end:%Y-%m-%d}", stops=False)


def _revoked(context: ssl.SSLContext, tls: TlsParameters, now: datetime) -> Iterator[Complaint]:
    load_revoked(context, tls)
    for valid in read("tls_crl", tls.crl, REVOCATION_LIST) if tls.crl is not None else ():
        if valid.end < now:
            text = f"a revocation list in {tls.crl} expired on {valid.end:%Y-%m-%d}; peers will be refused"
            yield Complaint("tls_crl", text, stops=True)
