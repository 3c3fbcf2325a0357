"""The stages on which the faults are played."""

from collections.abc import Iterator

import pytest

from tests.stage import RtuStage, Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="module")
def rtu_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtuStage]:
    with RtuStage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage
        stage.assert_all_recover()
