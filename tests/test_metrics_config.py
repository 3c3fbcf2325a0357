"""Dashboard, alert rules and the table in the documentation: they speak of what a running gateway serves."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from iec104mm2ss.gateway.supervisor import Gateway
from iec104mm2ss.metrics.figures import Figure, Lag
from iec104mm2ss.metrics.program import Comparison, Condition, of_program
from tests.gateway.scene import Rtu, group_row, master, master_row, numbers, plant, play, value
from tests.program import ROOT
from tests.promtool import needs_promtool, promtool
from tests.scrape import names, sample, scrape, serving
from tests.station import interrogation
from tests.transport.recorder import until

RULES = ROOT / "config" / "prometheus-alerts.yml"
DASHBOARD = ROOT / "config" / "grafana-dashboard.json"
TABLE = ROOT / "docs" / "operations.md"
METRIC = re.compile(r"\b(?:iec104mm2ss|process)_[a-z_]+")
ROW = {"group", "entry", "name", "role"}


@pytest.fixture(scope="module")
def page() -> str:
    """What a gateway serves that has passed something on in both directions."""
    found: list[str] = []

    async def scenario() -> None:
        row = master_row()
        async with (
            Rtu() as rtu,
            plant(group_row(rtu.port, masters=[row])) as gateway,
            master(row.port) as scada,
            serving(lambda: everything(gateway)) as port,
        ):
            rtu.send(value(1), value(2))
            scada.connection.send([interrogation(33)])
            await until(lambda: len(numbers(scada.asdus)) == 2 and rtu.peer.asdus)
            found.append((await scrape(port)).text)

    play(scenario)
    return found[0]


def everything(gateway: Gateway) -> Iterator[Figure]:
    yield from gateway.measures()
    seen = Comparison("pool.ntp.org", 0.001, 1_700_000_000.0)
    condition = Condition(
        program="gateway",
        version="1",
        file="site.csv",
        started=0.0,
        lost_lines=0,
        tasks=7,
        clock_good=True,
        compared=seen,
    )
    yield from of_program(condition, Lag())


def test_a_running_gateway_serves_what_happened(page: str) -> None:
    rtu = {"group": "111", "entry": "111/S", "name": "S/RTU", "role": "RTU"}
    assert sample(page, "iec104mm2ss_state", **rtu, state="ONLINE") == 1
    assert sample(page, "iec104mm2ss_i_frames_total", **rtu, direction="received") == 2
    assert sample(page, "iec104mm2ss_i_frames_total", **rtu, direction="sent") == 1
    assert sample(page, "iec104mm2ss_received_asdus_total", **rtu, type="M_SP_NA_1") == 2
    assert sample(page, "iec104mm2ss_unanswered_requests", group="111") == 1
    assert sample(page, "iec104mm2ss_latency_seconds_count", group="111") >= 1
    assert sample(page, "iec104mm2ss_router_events_total", group="111", event="unanswered") == 0


@pytest.mark.parametrize("path", [RULES, DASHBOARD, TABLE], ids=lambda path: path.name)
def test_whatever_is_named_is_served(page: str, path: Path) -> None:
    families = {family.name for family in text_string_to_metric_families(page)}
    named = set(METRIC.findall(path.read_text(encoding="utf-8")))
    assert len(named) > 10
    assert named - names(page) - families == set()


def test_the_table_tells_of_everything_that_is_served_with_its_labels(page: str) -> None:
    served: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(page):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        served[name].update(*(set(sample.labels) - {"le"} for sample in family.samples))
    assert dict(documented()) == served


def documented() -> Iterator[tuple[str, set[str]]]:
    for name, labels in re.findall(r"^\| `([a-z0-9_]+)` \|([^|]*)\|", TABLE.read_text(encoding="utf-8"), re.MULTILINE):
        if METRIC.match(name):
            yield name, set(re.findall(r"`(\w+)`", labels)) | (ROW if "*row*" in labels else set())


def test_the_table_tells_of_every_alert() -> None:
    alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8")))
    assert set(re.findall(r"Iec104\w+", TABLE.read_text(encoding="utf-8"))) == alerts


def test_every_alert_says_what_to_do() -> None:
    rules = RULES.read_text(encoding="utf-8").split("- alert: ")[1:]
    assert [rule.split()[0] for rule in rules if not re.search(r"summary: .+\n +description: .+", rule)] == []


def panels() -> list[dict[str, Any]]:
    board: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = board["panels"]
    return found


def expressions() -> list[str]:
    """What the panels ask for, with the variables as Grafana fills them in."""
    found = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    return [re.sub(r"\$__\w+", "5m", text).replace("$instance", ".*").replace("$group", "1|2") for text in found]


def test_the_panels_lie_side_by_side() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for one, other in combinations([panel["gridPos"] for panel in panels()], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_the_dashboard_asks_the_chosen_source_about_the_chosen_entries() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert variables == {"datasource", "instance", "group", "entry"}
    used = set(re.findall(r"\$\{?([a-z]+)", DASHBOARD.read_text(encoding="utf-8")))
    assert used == variables
    asked = [target for panel in panels() for target in panel.get("targets", [])]
    assert {target["datasource"]["uid"] for target in asked} == {"${datasource}"}


@needs_promtool
def test_prometheus_accepts_page_rules_and_panels(page: str, tmp_path: Path) -> None:
    promtool("check", "rules", RULES)
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
    asked = tmp_path / "panels.json"
    asked.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", asked)
    promtool("check", "metrics", said=page)
