"""What the tests of connections through TLS share."""

from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.transport.secured import Ends


@pytest.fixture
def ends(tmp_path: Path) -> Ends:
    authority = Authority(tmp_path)
    stranger = Authority(tmp_path, "other").sign("stranger", ca=authority.file)
    return Ends(authority.sign("rtu"), authority.sign("gateway"), stranger, authority)
