"""Prefect's UI as a person uses it, in a real Chromium: `ui()` opens it, `PrefectUi` clicks and reads."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from deployments.cli.following.prefect_api import login_address
from deployments.server.control_plane import ControlPlane

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
switches = (
    "--no-sandbox",  # it refuses one as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
patience = 120_000.0
"""Milliseconds that a page, or a run on it, may take on a busy machine."""
LOOK_MILLISECONDS = 20_000
"""How long a page may take to show what is there, on a busy machine, before it is loaded again."""
LOOKS = 12


def chromium() -> str | None:
    """The browser's program, if this machine has one."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def needs_chromium(consequence: str) -> pytest.MarkDecorator:
    """Skips where there is no browser; `consequence` says what nobody tries then."""
    reason = f"no Chromium on this machine, so {consequence} (Debian and Ubuntu: apt-get install chromium)"
    return pytest.mark.skipif(chromium() is None, reason=reason)


@contextmanager
def ui(plane: ControlPlane, width: int = 1280, height: int = 900) -> Iterator["PrefectUi"]:
    """The UI of a control plane, open in a browser of its own that is logged in as `tenfold server open` does it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(switches))
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, timezone_id="UTC", locale="en-GB")
            page.set_default_timeout(patience)
            opened = PrefectUi(page, plane)
            opened.log_in()
            yield opened
        finally:
            browser.close()


class PrefectUi:
    """One page. Every step waits until what it needs is there."""

    def __init__(self, page: Page, plane: ControlPlane) -> None:
        self.page = page
        self._plane = plane
        self._url = f"{plane.ui_url}/v2"
        self._login_form = page.get_by_placeholder("admin:pass")

    def log_in(self) -> None:
        """As `tenfold server open` does it."""
        for _ in range(LOOKS):
            self.page.goto(login_address(self._plane))
            self.page.wait_for_url(re.compile("/v2/"))
            if self._is_logged_in():
                return
        raise AssertionError("the page forgets its login each time")

    def open(self, url: str) -> None:
        """Load a page. Prefect's forgets its login where it is left before it has checked that; then log in again."""
        self.page.goto(url)
        while not self._is_logged_in():
            self.log_in()
            self.page.goto(url)

    def _is_logged_in(self) -> bool:
        inside = self.page.get_by_role("link", name="Deployments", exact=True).first
        expect(inside.or_(self._login_form)).to_be_visible(timeout=patience)
        return self._login_form.count() == 0

    def form(self, flow: str) -> None:
        """The run form of a deployment, by the way a person takes to it: the list shows ten, so it is searched."""
        link = self.page.get_by_role("link", name=flow, exact=True).first
        for _ in range(LOOKS):
            self.open(f"{self._url}/deployments?flowOrDeploymentName={flow}")
            # Prefect answers 503 while its SQLite is busy; the list stays empty then, and a person loads it again.
            with suppress(PlaywrightTimeoutError):
                link.wait_for(timeout=LOOK_MILLISECONDS)
                break
        link.click()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_text("Custom run").click()
        expect(self._field("stack")).to_be_visible(timeout=patience)

    def write(self, field: str, text: str) -> None:
        """Fill one field of the form."""
        self._field(field).fill(text)

    def write_spec(self, spec: dict[str, Any] | str) -> None:
        """Fill the editor, the only one of the form."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        # As if pasted: typed key by key, the editor would close each bracket by itself.
        self.page.keyboard.insert_text(spec if isinstance(spec, str) else json.dumps(spec, indent=2))

    def submit(self, run: str) -> None:
        """Submit the form, and open the page of the run, which shall be called `run`."""
        for _ in range(LOOKS):
            with self.page.expect_response(re.compile(r"/create_flow_run$")) as answer:
                self.page.get_by_role("button", name="Submit").click()
            # Prefect answers 503 while its SQLite is busy; the form stays as it is, and a person submits it again.
            if answer.value.status != 503:
                break
        assert answer.value.ok, answer.value.text()
        # The note with its link "View run" goes by itself, on a busy machine before anybody could click it.
        self.open(f"{self._url}/runs/flow-run/{answer.value.json()['id']}")
        expect(self.page.get_by_role("navigation").get_by_text(run, exact=True)).to_be_visible(timeout=patience)

    def approve(self, **answers: str) -> None:
        """Give the run on the page the answer that it waits for: its form filled in so, and approved."""
        self.ended("Suspended")
        form = self._form_of_the_answer()
        for name, value in answers.items():
            form.get_by_label(re.compile(rf"^{name}")).fill(value)
        form.get_by_role("switch").click()
        for _ in range(LOOKS):
            with self.page.expect_response(re.compile(r"/flow_runs/[^/]+/resume$")) as answer:
                form.get_by_role("button", name="Resume").click()
            # Prefect answers 503 while its SQLite is busy; the form stays as it is, and a person sends it again.
            if answer.value.status != 503:
                break
        assert answer.value.ok, answer.value.text()
        assert answer.value.json()["status"] == "ACCEPT", answer.value.text()
        expect(form).to_have_count(0, timeout=patience)

    def ended(self, state: str) -> None:
        """Wait until the run on the page has ended in this state, or waits in it for an answer."""
        shown = self.page.get_by_text(state, exact=True).first
        for _ in range(LOOKS):
            with suppress(AssertionError):
                return expect(shown).to_be_visible(timeout=LOOK_MILLISECONDS)
            # A page whose question was answered with 503 asks no more; a person loads it again.
            self.open(self.page.url)
        raise AssertionError(f"the run on the page is not {state}")

    def logged(self, line: str) -> None:
        """Wait until the run's log has this line, or a message with it."""
        wanted = self.page.get_by_text(line).first
        for _ in range(LOOKS):
            self.page.get_by_role("tab", name="Logs").click()
            with suppress(AssertionError):
                return expect(wanted).to_be_visible(timeout=patience / LOOKS)
            # A page that was opened before the run began asks for its log no more once the run has ended.
            self.open(self.page.url)
        raise AssertionError(f"the run's log has no {line!r}")

    def artifact(self, key: str) -> None:
        """Open the run's artifact of this key."""
        self.page.get_by_role("tab", name="Artifacts").click()
        self.page.get_by_role("link", name=key).click()
        self.page.locator("a[href*='/artifacts/artifact/']").first.click()
        expect(self.page.get_by_role("tab", name="Raw")).to_be_visible(timeout=patience)

    def rows(self, first: str) -> list[list[str]]:
        """The rows of the table artifact on the page, the names of its columns first; waits for the cell `first`."""
        expect(self.page.get_by_role("cell", name=first, exact=True).first).to_be_visible(timeout=patience)
        return [row.get_by_role("cell").or_(row.get_by_role("columnheader")).all_inner_texts() for row in self._rows()]

    def _form_of_the_answer(self) -> Locator:
        """The form that a suspended run waits for, once it is there.

        Prefect shows a run as suspended before it has stored the form. A dialog that is opened in between has no
        fields and never gets them; a person loads the page again.
        """
        form = self.page.get_by_role("dialog")
        for _ in range(LOOKS):
            self.page.get_by_role("button", name="Open menu").click()
            self.page.get_by_role("menuitem", name="Resume").click()
            with suppress(PlaywrightTimeoutError):
                form.get_by_role("switch").wait_for(timeout=LOOK_MILLISECONDS)
                return form
            self.open(self.page.url)
        raise AssertionError("the run's form does not show")

    def _rows(self) -> list[Locator]:
        return self.page.get_by_role("row").all()

    def _field(self, name: str) -> Locator:
        return self.page.get_by_label(re.compile(rf"^{name}( \(Optional\))?$"))
