"""How the account of a stack is called: a table."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.stackfile.models.service import NAME_PATTERN
from tasks.providers.local.accounts import stack_accounts

pytestmark = pytest.mark.pure
homes = st.sampled_from([Path("/var/lib/tenfold"), Path("/srv/a:b"), Path("/home/ü/.tenfold")])
stacks = st.from_regex(NAME_PATTERN, fullmatch=True)


def test_a_name_is_short_and_says_whose_it_is() -> None:
    home = Path("/var/lib/tenfold")
    assert stack_accounts.name_of(home, "shop").startswith("tf-shop-")
    assert stack_accounts.name_of(home, "shop") == stack_accounts.name_of(Path("/var/lib/../lib/tenfold"), "shop")
    assert stack_accounts.name_of(home, "shop") != stack_accounts.name_of(Path("/srv/tenfold"), "shop")
    assert stack_accounts.name_of(home, "a" * 39 + "b") != stack_accounts.name_of(home, "a" * 39 + "c")


@given(homes, stacks)
def test_every_machine_takes_it(home: Path, stack: str) -> None:
    name = stack_accounts.name_of(home, stack)
    assert len(name) <= 32
    assert name.isascii()
    assert name.replace("-", "").isalnum()
    assert name == name.lower()
