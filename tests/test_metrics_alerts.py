"""The alert rules, by Prometheus itself: what raises each of them, and what does not."""

import json
from pathlib import Path

from tests.program import ROOT
from tests.promtool import needs_promtool, promtool

RULES = ROOT / "config" / "prometheus-alerts.yml"

_HERE = 'job="iec104mm2ss", instance="a"'
_ROW = f'{_HERE}, group="1", entry="1/S", name="R"'
_LAG = f"iec104mm2ss_loop_lag_seconds_bucket{{{_HERE}, le="
# The alert, what is scraped every minute (promtool's notation: start+step x times), and whether it raises the alert
# within half an hour.
CASES = [
    ("Iec104RtuDown", {f'iec104mm2ss_state{{{_ROW}, role="RTU", state="RETRYING"}}': "1x30"}, True),
    ("Iec104RtuDown", {f'iec104mm2ss_state{{{_ROW}, role="RTU", state="RETRYING"}}': "_x29 1 1"}, False),
    ("Iec104RtuDown", {f'iec104mm2ss_state{{{_ROW}, role="RTU", state="ONLINE"}}': "1x30"}, False),
    ("Iec104RtuDown", {f'iec104mm2ss_state{{{_ROW}, role="RTU", state="DISABLED"}}': "1x30"}, False),
    (
        "Iec104RtuDown",
        {
            f'iec104mm2ss_state{{{_ROW}, role="RTU", state="RETRYING"}}': "_x25 1 stale 1 stale 1 stale",
            f'iec104mm2ss_state{{{_ROW}, role="RTU", state="FAULT"}}': "_x25 stale 1 stale 1 stale 1",
        },
        True,
    ),
    ("Iec104MasterMissing", {f'iec104mm2ss_state{{{_ROW}, role="master", state="WAITING"}}': "1x30"}, True),
    ("Iec104MasterMissing", {f'iec104mm2ss_state{{{_ROW}, role="master", state="BLOCKED"}}': "1x30"}, False),
    ("Iec104EntryFault", {f'iec104mm2ss_state{{{_ROW}, role="master", state="FAULT"}}': "1x30"}, True),
    ("Iec104EntryFault", {f'iec104mm2ss_state{{{_ROW}, role="master", state="WAITING"}}': "1x30"}, False),
    ("Iec104Flapping", {f"iec104mm2ss_disconnections_total{{{_ROW}}}": "0+1x30"}, True),
    ("Iec104Flapping", {f"iec104mm2ss_disconnections_total{{{_ROW}}}": "0x10 2x20"}, False),
    ("Iec104Refusals", {f"iec104mm2ss_refusals_total{{{_ROW}}}": "0+10x30"}, True),
    ("Iec104Refusals", {f"iec104mm2ss_refusals_total{{{_ROW}}}": "5x10 7x20"}, False),
    ("Iec104Losses", {f'iec104mm2ss_losses_total{{{_ROW}, reason="lost"}}': "0x25 1x5"}, True),
    ("Iec104Losses", {f'iec104mm2ss_losses_total{{{_ROW}, reason="skipped"}}': "0+9x30"}, False),
    (
        "Iec104BufferNearlyFull",
        {
            f"iec104mm2ss_buffer_{what}{{{_HERE}, group='1'}}": f"{kept}x30"
            for what, kept in (("used", 81), ("size", 100))
        },
        True,
    ),
    (
        "Iec104BufferNearlyFull",
        {
            f"iec104mm2ss_buffer_{what}{{{_HERE}, group='1'}}": f"{kept}x30"
            for what, kept in (("used", 79), ("size", 100))
        },
        False,
    ),
    ("Iec104WindowFull", {f"iec104mm2ss_window_{what}{{{_ROW}}}": "12x30" for what in ("used", "size")}, True),
    (
        "Iec104WindowFull",
        {f"iec104mm2ss_window_{what}{{{_ROW}}}": f"{count}x30" for what, count in (("used", 11), ("size", 12))},
        False,
    ),
    (
        "Iec104Unanswered",
        {f"iec104mm2ss_router_events_total{{{_HERE}, group='1', event='unanswered'}}": "0x25 1x5"},
        True,
    ),
    ("Iec104Unanswered", {f"iec104mm2ss_router_events_total{{{_HERE}, group='1', event='done'}}": "0+9x30"}, False),
    ("Iec104PointWalk", {f"iec104mm2ss_router_events_total{{{_HERE}, group='1', event='walk'}}": "0x25 1x5"}, True),
    ("Iec104PointWalk", {f"iec104mm2ss_router_events_total{{{_HERE}, group='1', event='walk'}}": "0x5 1x25"}, False),
    ("Iec104GatewayDown", {f"up{{{_HERE}}}": "0x30"}, True),
    ("Iec104GatewayDown", {f"up{{{_HERE}}}": "1x30"}, False),
    ("Iec104Restarting", {f"process_start_time_seconds{{{_HERE}}}": "0+9x30"}, True),
    ("Iec104Restarting", {f"process_start_time_seconds{{{_HERE}}}": "5x10 300x20"}, False),
    (
        "Iec104LoopLag",
        {f"iec104mm2ss_loop_lag_seconds_count{{{_HERE}}}": "0+60x30", f'{_LAG}"0.5"}}': "0+60x27 1679 1739 1799"},
        True,
    ),
    (
        "Iec104LoopLag",
        {f"iec104mm2ss_loop_lag_seconds_count{{{_HERE}}}": "0+60x30", f'{_LAG}"0.5"}}': "0+60x30"},
        False,
    ),
    (
        "Iec104FileDescriptors",
        {f"process_{it}_fds{{{_HERE}}}": f"{n}x30" for it, n in (("open", 81), ("max", 100))},
        True,
    ),
    (
        "Iec104FileDescriptors",
        {f"process_{it}_fds{{{_HERE}}}": f"{n}x30" for it, n in (("open", 9), ("max", 100))},
        False,
    ),
    ("Iec104ClockBad", {f"iec104mm2ss_clock_good{{{_HERE}}}": "0x30"}, True),
    ("Iec104ClockBad", {f"iec104mm2ss_clock_good{{{_HERE}}}": "0x15 1x15"}, False),
    ("Iec104ClockOff", {f"iec104mm2ss_clock_offset_seconds{{{_HERE}}}": "-0.6x30"}, True),
    ("Iec104ClockOff", {f"iec104mm2ss_clock_offset_seconds{{{_HERE}}}": "0.4x30"}, False),
    ("Iec104LogLinesLost", {f"iec104mm2ss_log_lines_lost_total{{{_HERE}}}": "0x25 8x5"}, True),
    ("Iec104LogLinesLost", {f"iec104mm2ss_log_lines_lost_total{{{_HERE}}}": "8x30"}, False),
    ("Iec104RowsRefused", {f"iec104mm2ss_file_refused_rows{{{_HERE}}}": "1x30"}, True),
    ("Iec104RowsRefused", {f"iec104mm2ss_file_refused_rows{{{_HERE}}}": "0x30"}, False),
]


@needs_promtool
def test_what_raises_an_alert_and_what_does_not(tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    text = json.dumps({"rule_files": [str(RULES)], "tests": [case(*it) for it in CASES]})
    cases.write_text(text, encoding="utf-8")
    promtool("test", "rules", cases)


def case(alert: str, series: dict[str, str], raised: bool) -> dict[str, object]:  # noqa: FBT001 - a column of the table
    raising = {
        "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})',
        "eval_time": "30m",
        "exp_samples": [{"labels": "{}", "value": 1}] if raised else [],
    }
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    return {"name": f"{alert} {series}", "interval": "1m", "input_series": inputs, "promql_expr_test": [raising]}
