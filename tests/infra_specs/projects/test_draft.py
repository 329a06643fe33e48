"""Names made of any text."""

import pytest

from infra_specs.projects.draft import stack_name

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shop", "shop"),
        ("My Shop!", "my-shop"),
        ("Über Shop.Äpp", "uber-shop-app"),
        ("1st.Shop_2", "app-1st-shop-2"),
        ("20-shop", "app-20-shop"),
        ("日本", "app"),
        ("-", "app"),
        ("a" * 60, "a" * 40),
    ],
)
def test_a_text_becomes_a_name(text: str, name: str) -> None:
    assert stack_name(text) == name
