"""What somebody who asks for a count is told of who else decides."""

import pytest

from infra_specs.scaling.by_hand import manual_count_note
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("web", "told"),
    [
        ({}, "when 3m have passed"),
        ({"scaling": {"window": "10m"}}, "when 10m have passed"),
        ({"scaling": {"mode": "advise"}}, None),
        ({"replicas": 3}, None),
    ],
)
def test_it_is_told_how_long_it_holds(web: dict[str, object], told: str | None) -> None:
    stack = a_stack(services={"web": {"command": "run", "port": 80, **web}})
    note = manual_count_note("web", stack.services["web"])
    assert note is None if told is None else told in str(note)
