"""The checked-in reference is what the models say."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure
DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_made_from_the_models() -> None:
    made = runpy.run_path(str(DOCS / "generate.py"))["spec_page"]()
    assert (DOCS / "reference" / "spec.md").read_text(encoding="utf-8") == made, "run make docs, and commit the page"


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("ms|s|m|h|d", 30, "`30s`"), ("ms|s|m|h|d", 180, "`3m`"), ("ms|s|m|h|d", 0.2, "`200ms`"),
        ("B|KB|MB|GB|TB", 2**26, "`64MB`"), ("", 10, "`10`"), ("", "env", '`"env"`'), ("", None, ""),
    ],
)  # fmt: skip
def test_a_default_is_shown_as_a_person_writes_it(unit: str, value: object, written: str) -> None:
    number = {"type": "integer" if "KB" in unit else "number"}
    kinds = {"anyOf": [number, {"type": "string", "pattern": f"^[0-9]+({unit})$"}]} if unit else {"type": "number"}
    assert runpy.run_path(str(DOCS / "generate.py"))["_default"]({**kinds, "default": value}, False) == written
