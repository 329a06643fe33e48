"""The status page in a real Chromium: hostile text stays text, nothing comes from elsewhere, by keyboard and by ear."""

import base64
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deployments.server.page.files import PAGE_PATH
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.ledger.database import Database
from tests.support.browser import chromium, needs_chromium, patience, switches
from tests.support.page_world import LOGIN, ServedPage, add_measurements, add_stack, served_page

pytestmark = [pytest.mark.proof, pytest.mark.browser, needs_chromium("nobody looks at the status page")]
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<b>bold</b>",
    "</td></tr></table><h1>owned</h1>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- a comment",
    "<style>*{display:none}</style>",
    "<iframe src=/></iframe>",
    "<a href=javascript:alert(1)>here</a>",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "<template>x",
    "<input autofocus onfocus=alert(1)>",
    "<base href=http://evil.example>",
    "</main></body>",
    "<math><mi//xlink:href=x>",
)
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    """Three stacks: one that is well, one whose texts are hostile, and one that is broken."""
    home = tmp_path_factory.mktemp("page")
    debt = {"why": "now", "expires": "2026-01-31", "plan": "later", "impact": "none"}
    with Ledger.open(Settings(home=home)) as ledger:
        add_stack(ledger, "broken")
        add_stack(ledger, "hostile", text=HOSTILE[1], debts=[{"what": text, **debt} for text in HOSTILE])
        add_stack(ledger, "well")
        database = Database(Settings(home=home).ledger_url)
        add_measurements(ledger, database, ["hostile", "well"], days=8, fine_days=1)
        with database.write() as connection:
            connection.execute(sa.text("UPDATE stacks SET spec = '{broken' WHERE name = 'broken'"))
        database.close()
    with served_page(home) as page:
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(switches))
        yield opened
        opened.close()


def opened(
    browser: Browser, served: ServedPage, stack: str = "", *, bypass_csp: bool = False, width: int = 1280
) -> Page:
    """The page of a stack, logged in as `tenfold page` does it, once it shows the stack."""
    context = browser.new_context(bypass_csp=bypass_csp, viewport={"width": width, "height": 900})
    context.add_init_script(f"localStorage.setItem('prefect-password', {json.dumps(_encoded(LOGIN.text))})")
    page = context.new_page()
    page.set_default_timeout(patience)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.goto(f"{served.url}{PAGE_PATH}#{stack}")
    expect(page.get_by_role("heading", level=1)).to_have_text(stack or "No stack", timeout=patience)
    return page


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_hostile_text_is_text(browser: Browser, world: ServedPage) -> None:
    assert len(HOSTILE) == 20
    page = opened(browser, world, "hostile")
    cells = page.get_by_role("group", name="Debts").get_by_role("rowheader")
    expect(cells).to_have_count(20, timeout=patience)
    assert sorted(cells.all_text_contents()) == sorted(HOSTILE)
    expect(page.get_by_text(f"release 3: {HOSTILE[1]}").first).to_be_visible(timeout=patience)
    for name in ("img", "script", "svg", "iframe", "style", "template", "input", "base", "b", "main main"):
        assert page.locator(f"main {name}, main ~ {name}").count() == 0, name


def test_nothing_comes_from_elsewhere_and_no_rule_is_broken(browser: Browser, world: ServedPage) -> None:
    context = browser.new_context()
    context.add_init_script(f"localStorage.setItem('prefect-password', {json.dumps(_encoded(LOGIN.text))})")
    page, asked, said = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{world.url}{PAGE_PATH}#well")
    expect(page.locator("canvas").first).to_be_visible(timeout=patience)
    assert said == []
    assert [url for url in asked if not url.startswith((f"{world.url}/", "data:,"))] == []
    assert any("/data" in url for url in asked)


@pytest.mark.parametrize("stack", ["well", "hostile", "broken"])
@pytest.mark.parametrize("width", [1280, 420])
def test_axe_finds_nothing_serious(browser: Browser, world: ServedPage, stack: str, width: int) -> None:
    for scheme in ("light", "dark"):
        page = opened(browser, world, stack, bypass_csp=True, width=width)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == []


def test_axe_finds_nothing_serious_where_there_is_no_stack(browser: Browser, tmp_path: Path) -> None:
    with served_page(tmp_path) as served:
        page = opened(browser, served, bypass_csp=True)
        expect(page.get_by_text("Provision one: tenfold provision stack.yaml")).to_be_visible(timeout=patience)
        assert violations(page) == []


def violations(page: Page) -> list[str]:
    page.add_script_tag(content=(files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [f"{fault['id']}: {fault['help']}" for fault in found if fault["impact"] in SERIOUS]


def test_by_keyboard_alone(browser: Browser, world: ServedPage) -> None:
    page = opened(browser, world, "well")
    expect(page.locator("canvas").first).to_be_visible(timeout=patience)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the stack")).to_be_focused(timeout=patience)
    week = page.get_by_role("button", name="week", exact=True)
    week.focus()
    page.keyboard.press("Enter")
    expect(week).to_have_attribute("aria-pressed", "true", timeout=patience)
    expect(week).to_be_focused(timeout=patience)
    page.get_by_role("link", name="hostile").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("hostile", timeout=patience)
    summary = page.get_by_text("Figures of web: requests in flight")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="web: requests in flight over time")).to_be_visible(timeout=patience)


def test_a_chart_is_said_in_words(browser: Browser, world: ServedPage) -> None:
    page = opened(browser, world, "well")
    image = page.get_by_role("img", name="web: requests in flight: on average")
    expect(image).to_be_visible(timeout=patience)
    assert "design capacity: 74.1" in (image.get_attribute("aria-label") or "")


def test_who_is_not_logged_in_is_told_how(browser: Browser, world: ServedPage) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{world.url}{PAGE_PATH}")
    expect(page.get_by_role("main").get_by_text("Log in with: tenfold page")).to_be_visible(timeout=patience)
