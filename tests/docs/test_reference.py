"""The checked-in reference is what the models say."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure
docs = Path(__file__).parents[2] / "docs"


def test_the_page_is_made_from_the_models() -> None:
    made = runpy.run_path(str(docs / "generate.py"))["spec_page"]()
    assert (docs / "reference" / "spec.md").read_text(encoding="utf-8") == made, "run make docs, and commit the page"
