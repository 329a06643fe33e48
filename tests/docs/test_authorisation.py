"""The table in docs/security.md is what the server's own routes and the front door say."""

import asyncio

import pytest

from docs.authorisation import PAGE, operations, with_table

pytestmark = pytest.mark.pure


def test_the_page_has_the_table_as_it_is() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == asyncio.run(with_table(text)), "run make docs, and commit the page"


def test_it_covers_prefects_whole_api() -> None:
    table = operations()
    assert sum(operation.path.startswith("/api/") and operation.method != "" for operation in table) >= 187
    assert sum(operation.method == "" for operation in table) == 5
