"""What a person does in the Prefect UI, done in a real browser: fill in a form, follow the run, read its artifacts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from deployments.server.control_plane import ControlPlane
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.support.browser import PrefectUi, needs_chromium, patience, ui
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.proof,
    pytest.mark.browser,
    pytest.mark.prefect,
    needs_chromium("nobody looks at the UI"),
]


@pytest.fixture
def browser(here: ControlPlane, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrefectUi]:
    """The UI; where a test fails, what it looked like is kept."""
    with ui(here) as opened:
        failed = request.session.testsfailed
        yield opened
        if request.session.testsfailed > failed:
            opened.page.screenshot(path=tmp_path / "failed.png", full_page=True)


def spec(name: str, command: str = "run") -> dict[str, Any]:
    return {
        "name": name,
        "target": {"provider": "memory"},
        "services": {"web": {"command": command, "port": 8000, "replicas": {"min": 2, "max": 5}}},
        "needs": {"cache": "valkey"},
    }


def test_a_stack_is_provisioned_and_scaled_from_its_forms(browser: PrefectUi) -> None:
    browser.form("provision")
    expect(browser.page.get_by_text("The name of a stack that was provisioned before.")).to_be_visible()
    browser.write_spec(spec("kiosk"))
    browser.submit("provision kiosk")
    browser.ended("Completed")
    browser.logged("Plan: 5 to create, 0 unchanged")
    browser.logged("+ replica/web-0 (missing), ")
    browser.artifact("plan-kiosk")
    assert browser.rows("route/web") == [
        ["Wave", "Change", "Resource", "Why"],
        ["1", "create", "cache/main", "missing"],
        ["1", "create", "proxy/main", "missing"],
        ["2", "create", "replica/web-0", "missing"],
        ["2", "create", "replica/web-1", "missing"],
        ["3", "create", "route/web", "missing"],
    ]

    browser.form("scale")
    for field, value in {"stack": "kiosk", "service": "web", "replicas": "3"}.items():
        browser.write(field, value)
    browser.submit("scale kiosk")
    browser.ended("Completed")
    browser.logged("+ replica/web-2 (missing), ")

    browser.form("deploy")
    expect(browser.page.get_by_text("The new command, as a shell would split it.")).to_be_visible()
    for field, value in {"stack": "kiosk", "command": "run --new"}.items():
        browser.write(field, value)
    browser.submit("deploy kiosk")
    browser.ended("Completed")
    browser.logged("Done: release 2 serves: 3 created, 1 updated, 3 destroyed, 2 unchanged; watched for 60 s")


def test_the_next_step_is_approved_in_the_form_of_a_run_that_waits(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.write_spec(spec("growing"))
    browser.submit("provision growing")
    browser.ended("Completed")

    browser.form("grow")
    browser.write("stack", "growing")
    browser.submit("grow growing")
    browser.approve(Users="5000", Budget="90")
    browser.ended("Completed")
    with Ledger.open(settings()) as ledger:
        known = ledger.stacks.find("growing")
    assert known is not None
    assert (known.spec["users"]["monthly"], known.spec["budget"]) == (5000, 90)


def test_a_failed_run_says_why_line_by_line_and_what_to_do(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.write_spec(spec("broken", command="false"))
    browser.submit("provision broken")
    browser.ended("Failed")
    browser.logged("replica/web-0 of broken exited with 1.")
    browser.logged("It is kept for inspection: tenfold logs broken replica/web-0.")
    expect(browser.page.get_by_text("Finished in state")).to_have_count(0)
    browser.artifact("failed")
    log_text = browser.page.locator("pre").filter(has_text="exited with 1.").first
    expect(log_text).to_be_visible(timeout=patience)
    assert "replica/web-0 of broken exited with 1.\nThe last lines of its log:\n" in log_text.inner_text()


def test_a_wrong_spec_is_refused_with_every_fault(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.write_spec({**spec("mistaken"), "budgett": 5, "headroom": -1})
    browser.submit("provision mistaken")
    browser.ended("Failed")
    browser.logged("budgett")
    browser.logged("headroom")


def test_a_page_that_is_left_before_it_was_checked_keeps_its_login(browser: PrefectUi) -> None:
    """The question whether the login is good is held back until the page is left, and fails once beside that."""
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    browser.page.route("**/api/admin/version", hold)
    browser.page.reload()
    wait_until(lambda: browser.page.wait_for_timeout(50) or held, "the page asks for its login")
    browser.page.unroute("**/api/admin/version")
    browser.page.goto("about:blank")

    refused = iter(["connectionrefused", None])

    def answer(route: Any) -> None:
        fault = next(refused, None)
        route.abort(fault) if fault else route.continue_()

    browser.page.route("**/api/admin/version", answer)
    browser.page.goto(f"{browser._url}/deployments")
    assert browser._is_logged_in()
    assert browser.page.evaluate("localStorage.getItem('prefect-password')")
