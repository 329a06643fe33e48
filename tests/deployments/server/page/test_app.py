"""The status page over HTTP: who may ask, what it answers, and that it holds what a stack's ledger holds."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deployments.server.front_door import FrontDoor
from deployments.server.page.app import page_app
from deployments.server.page.files import OPEN_PATHS, PAGE_PATH, TYPES
from infra_specs.alerts.facts import Machine
from infra_specs.alerts.kinds import TITLES
from infra_specs.alerts.stack_look import StackLook
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.ledger.alerts import Recorded
from tasks.ledger.database import Database
from tests.deployments.server.door import Inside
from tests.infra_specs.overview.facts import alert
from tests.support.page_world import LOGIN, add_measurements, add_stack

CLOSED = ("/metrics", f"{PAGE_PATH}/data", f"{PAGE_PATH}/series?stack=shop", f"{PAGE_PATH}/report?stack=shop")
LOGGED_IN = {"Authorization": LOGIN.header}


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def database(here: Settings) -> Iterator[Database]:
    """Of an installation with two stacks that were measured."""
    with Ledger.open(here) as ledger:
        for name in ("shop", "blog"):
            add_stack(ledger, name)
        opened = Database(here.ledger_url)
        add_measurements(ledger, opened, ["shop", "blog"], days=9, fine_days=2)
        yield opened
        opened.close()


@pytest.fixture
async def client(here: Settings) -> AsyncIterator[httpx.AsyncClient]:
    door = FrontDoor(Inside(), page_app(here), LOGIN, ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://127.0.0.1:4200") as opened:
        yield opened


@pytest.mark.parametrize("path", CLOSED)
async def test_data_is_behind_the_login(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Basic cDpw"}):
        assert (await client.get(path, headers=headers)).status_code == 401
    assert (await client.get(path, headers={**LOGGED_IN, "Origin": "http://evil.example"})).status_code == 403


async def test_nothing_is_changed_by_it(client: httpx.AsyncClient) -> None:
    for path in (*CLOSED, *sorted(OPEN_PATHS)):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await client.request(method, path, headers=LOGGED_IN, json={})
            assert answer.status_code == 405, (method, path)


async def test_the_files_are_open_and_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for path in sorted(OPEN_PATHS):
        answer = await client.get(path)
        assert answer.status_code == 200
        rules = answer.headers["content-security-policy"]
        assert "default-src 'none'" in rules
        assert "unsafe" not in rules
        assert "<script>" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = (await client.get(PAGE_PATH)).text
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page
    assert "MIT License" in (await client.get(f"{PAGE_PATH}/uPlot-LICENSE.txt")).text
    assert {f"{PAGE_PATH}/{name}" for name in TYPES} < OPEN_PATHS


@pytest.mark.parametrize("name", ["..%2fapp.py", "%2e%2e/app.py", "app.py", "page.html/", "a" * 3000, "\\..\\x"])
async def test_no_other_file_can_be_asked_for(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"{PAGE_PATH}/{name}", headers=LOGGED_IN)
    assert answer.status_code in (204, 307, 404)
    assert "import" not in answer.text


@pytest.mark.usefixtures("database")
async def test_the_data_is_that_of_the_ledger(client: httpx.AsyncClient) -> None:
    data = (await client.get(f"{PAGE_PATH}/data", headers=LOGGED_IN)).json()
    blog, shop = data["stacks"]
    assert (blog["name"], shop["name"], data["stale"]) == ("blog", "shop", None)
    assert shop["condition"] == {"state": "well", "text": "All that is wanted serves."}
    web = shop["services"][0]
    assert (web["name"], web["serving"], web["in_flight"], web["latency_limit"]) == ("web", 3, 8.4, 0.4)
    assert web["design"] == pytest.approx(74.07, abs=0.01)
    assert web["reason"] == "web: 3 to 3 replicas: 8.4 in flight are right for 3"
    assert shop["price"] == {"today": 37.5, "design": 307.5, "budget": 100, "spent": None}
    assert [release["number"] for release in shop["releases"]] == [3, 2, 1]
    assert shop["changes"][0]["reason"] == "release 3: a new picture"
    assert [need["name"] for need in shop["needs"]] == ["database", "cache"]
    assert shop["debts"][0]["what"] == "one zone"


async def test_alerts_and_looks_are_shown(client: httpx.AsyncClient, here: Settings, database: Database) -> None:
    moment = now()
    look = StackLook(moment, machines={"": Machine(disk=100, disk_free=30)}, connections=(7, 512))
    with Ledger.open(here) as ledger:
        ledger.alerts.record(Recorded([replace(alert(), since=moment - 9, raised=moment)]), moment, None)
        ledger.looks.put({"shop": look})
    blog, shop = (await client.get(f"{PAGE_PATH}/data", headers=LOGGED_IN)).json()["stacks"]
    assert (blog["alerts"], blog["machines"], blog["needs"][0]["used"]) == ([], {}, None)
    (shown,) = shop["alerts"]
    assert (shown["title"], shown["where"], shown["change"]["verb"]) == (TITLES["errors"], "web", "deploy")
    assert shop["condition"] == {"state": "attention", "text": "5 of 100 requests fail."}
    assert (shop["needs"][0]["used"], shop["machines"][""]["disk_free"]) == (7, 30)


@pytest.mark.usefixtures("database")
async def test_a_week_is_shown_by_five_minutes_and_more_by_the_hour(client: httpx.AsyncClient) -> None:
    for days, step, least in ((1, 300, 280), (7, 300, 550), (9, 3600, 210)):
        answer = await client.get(f"{PAGE_PATH}/series?stack=shop&days={days}", headers=LOGGED_IN)
        web, api = answer.json()["services"]
        assert (web["service"], api["service"], web["step"]) == ("web", "api", step)
        assert least < len(web["at"]) == len(web["in_flight"]) == len(web["latency"]) == len(web["serving"])
        assert web["at"] == sorted(web["at"])


@pytest.mark.usefixtures("database")
async def test_the_report_is_there_as_data_and_as_text(client: httpx.AsyncClient) -> None:
    report = (await client.get(f"{PAGE_PATH}/report?stack=shop", headers=LOGGED_IN)).json()
    assert report["designed_users"] == 2_000_000
    assert report["dora"]["deployments"] == 3
    assert report["markdown"].startswith("## shop: ")


@pytest.mark.usefixtures("database")
async def test_metrics_are_openmetrics(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers=LOGGED_IN)
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {sample.labels["stack"] for sample in families["tenfold_stack_well"].samples} == {"shop", "blog"}


async def test_a_broken_stack_hinders_no_other(client: httpx.AsyncClient, database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE stacks SET spec = '{broken' WHERE name = 'shop'"))
    blog, shop = (await client.get(f"{PAGE_PATH}/data", headers=LOGGED_IN)).json()["stacks"]
    assert (blog["condition"]["state"], shop["condition"]["state"]) == ("well", "unknown")
    assert shop["fault"].startswith("shop: its spec in the ledger is no JSON")
    assert [release["number"] for release in shop["releases"]] == [3, 2, 1]
    assert (await client.get("/metrics", headers=LOGGED_IN)).status_code == 200
    answer = await client.get(f"{PAGE_PATH}/report?stack=shop", headers=LOGGED_IN)
    assert answer.status_code == 503
    assert answer.json()["exception_message"].startswith("shop: its spec in the ledger is no JSON")


async def test_an_installation_without_a_stack(client: httpx.AsyncClient) -> None:
    data = (await client.get(f"{PAGE_PATH}/data", headers=LOGGED_IN)).json()
    assert (data["stacks"], data["stale"], data["checked"]) == ([], None, None)
    answer = await client.get(f"{PAGE_PATH}/series?stack=shop", headers=LOGGED_IN)
    assert (answer.status_code, answer.json()["exception_message"][:32]) == (404, "No stack is called `shop`. Known")
    for query in ("stack=shop&days=0", "stack=shop&days=nan", "stack=shop&days=9999", "", "stack="):
        assert (await client.get(f"{PAGE_PATH}/series?{query}", headers=LOGGED_IN)).status_code == 422


async def test_a_ledger_that_does_not_open_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    door = FrontDoor(Inside(), page_app(Settings(home=tmp_path)), LOGIN, ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://127.0.0.1:4200") as client:
        answer = await client.get(f"{PAGE_PATH}/data", headers=LOGGED_IN)
    assert answer.status_code == 503
    assert "ledger" in answer.json()["exception_message"]
