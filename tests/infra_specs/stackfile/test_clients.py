"""Networks in their shortest form, and the hour that an upload may take."""

import pytest

from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

SHOP = "name: shop\ntarget: {provider: local}\nservices: {web: {command: app, port: 80}}\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("0.0.0.0/1", "0.0.0.0/1"),
    ],
)
def test_a_network_is_read_in_its_shortest_form(written: str, read: str) -> None:
    stack = load(f"{SHOP}trust_proxies: ['{written}']\n")
    assert stack.trust_proxies == [read]
    assert type(stack).model_validate(stack.model_dump()) == stack


def test_nobody_is_trusted_and_an_upload_may_take_an_hour_by_default() -> None:
    stack = load(SHOP)
    assert (stack.trust_proxies, stack.timeouts.upload) == ([], 3600)
    assert load(f"{SHOP}timeouts: {{upload: 90s}}\n").timeouts.upload == 90
