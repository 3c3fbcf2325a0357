"""Figures as Prometheus reads them."""

import os
import subprocess
import sys

import pytest

from iec104mm2ss.metrics.figures import Distribution, Figure, Histogram, Kind, Lag, Measure
from iec104mm2ss.metrics.page import page
from iec104mm2ss.metrics.program import Comparison, Condition, of_process, of_program
from tests.scrape import names, sample, samples, types

CONDITION = Condition(program="gateway", version="1.0", file="site.csv", started=1_700_000_000.0, lost_lines=3, tasks=7)


def test_a_page_word_for_word() -> None:
    figures: list[Figure] = [
        Measure("behind_asdus", "ASDUs that wait", Kind.GAUGE, ("group", "name"), {("1", "A"): 2.0, ("1", "B"): 0.5}),
        Measure("takeovers", "who gave way", Kind.COUNTER, (), {(): 7.0}),
        Distribution("latency_seconds", "how long", ("group",), {("1",): (((0.5, 1), (float("inf"), 3)), 2.5)}),
    ]
    assert page(figures).decode().splitlines() == [
        "# HELP iec104mm2ss_behind_asdus ASDUs that wait",
        "# TYPE iec104mm2ss_behind_asdus gauge",
        'iec104mm2ss_behind_asdus{group="1",name="A"} 2.0',
        'iec104mm2ss_behind_asdus{group="1",name="B"} 0.5',
        "# HELP iec104mm2ss_takeovers_total who gave way",
        "# TYPE iec104mm2ss_takeovers_total counter",
        "iec104mm2ss_takeovers_total 7.0",
        "# HELP iec104mm2ss_latency_seconds how long",
        "# TYPE iec104mm2ss_latency_seconds histogram",
        'iec104mm2ss_latency_seconds_bucket{group="1",le="0.5"} 1.0',
        'iec104mm2ss_latency_seconds_bucket{group="1",le="+Inf"} 3.0',
        'iec104mm2ss_latency_seconds_count{group="1"} 3.0',
        'iec104mm2ss_latency_seconds_sum{group="1"} 2.5',
    ]


def test_a_name_that_comes_in_parts_stands_in_one_place() -> None:
    parts = [Measure(name, "text", Kind.COUNTER, ("group",), {(group,): 1.0}) for group in "12" for name in ("a", "b")]
    assert [line for line in page(parts).decode().splitlines() if not line.startswith("# HELP")] == [
        "# TYPE iec104mm2ss_a_total counter",
        'iec104mm2ss_a_total{group="1"} 1.0',
        'iec104mm2ss_a_total{group="2"} 1.0',
        "# TYPE iec104mm2ss_b_total counter",
        'iec104mm2ss_b_total{group="1"} 1.0',
        'iec104mm2ss_b_total{group="2"} 1.0',
    ]


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "\\n", "Жлоб", "{}", ""])
def test_a_label_is_whatever_the_row_is_named(name: str) -> None:
    text = page([Measure("state", "text", Kind.GAUGE, ("name",), {(name,): 1.0})]).decode()
    assert samples(text) == {("iec104mm2ss_state", frozenset({("name", name)})): 1.0}


def test_an_observation_is_counted_up_to_the_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram((0.5, 1.0))
    for value in (0.5, 0.75, 1.0, 4.0):
        histogram.observe(value)
    assert histogram.observed == (((0.5, 1), (1.0, 3), (float("inf"), 4)), 6.25)


def test_what_a_program_tells_of_itself() -> None:
    lag = Lag()
    lag.observe(0.002)
    lag.observe(20.0)
    text = page(of_program(CONDITION, lag)).decode()
    python = ".".join(map(str, sys.version_info[:3]))
    labels = {"program": "gateway", "version": "1.0", "python": python, "file": "site.csv"}
    assert sample(text, "iec104mm2ss_build_info", **labels) == 1
    assert sample(text, "process_start_time_seconds") == 1_700_000_000
    assert sample(text, "iec104mm2ss_log_lines_lost_total") == 3
    assert sample(text, "iec104mm2ss_loop_lag_seconds_bucket", le="0.001") == 0
    assert sample(text, "iec104mm2ss_loop_lag_seconds_bucket", le="0.005") == 1
    assert sample(text, "iec104mm2ss_loop_lag_seconds_bucket", le="10.0") == 1
    assert sample(text, "iec104mm2ss_loop_lag_seconds_count") == 2
    assert not [name for name in names(text) if "clock" in name]


def test_what_the_time_servers_said() -> None:
    seen = Comparison("pool.ntp.org", -0.25, 1_700_000_100.0)
    condition = Condition(
        program="gateway", version="1.0", file="", started=0.0, lost_lines=0, tasks=7, clock_good=False, compared=seen
    )
    text = page(of_program(condition, Lag())).decode()
    assert sample(text, "iec104mm2ss_clock_good") == 0
    assert sample(text, "iec104mm2ss_clock_offset_seconds", server="pool.ntp.org") == -0.25
    assert sample(text, "iec104mm2ss_clock_compared_timestamp_seconds", server="pool.ntp.org") == 1_700_000_100


def test_a_file_may_have_a_name_that_is_no_text() -> None:
    condition = Condition(
        program="gateway", version="1", file=os.fsdecode(b"\xff.csv"), started=0.0, lost_lines=0, tasks=7
    )
    assert r"\\udcff.csv" in page(of_program(condition, Lag())).decode()


def test_the_process_has_the_names_that_every_program_has() -> None:
    text = page(of_process()).decode()
    assert types(text)["process_cpu_seconds"] == "counter"
    assert sample(text, "process_cpu_seconds_total") > 0
    if sys.platform == "linux":
        assert sample(text, "process_virtual_memory_bytes") > sample(text, "process_resident_memory_bytes") > 1_000_000
        assert 3 <= sample(text, "process_open_fds") < sample(text, "process_max_fds")


def test_a_program_without_metrics_does_not_load_the_library() -> None:
    code = "import sys, iec104mm2ss.cli, iec104mm2ss.metrics.server; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
