"""The memory of a server of files: by what it sends at the same time."""

import pytest

from infra_specs.sizing.files import size_files
from infra_specs.sizing.size import size
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(("in_flight", "megabytes"), [(0, 32), (1, 64), (37, 64), (64, 64), (65, 128), (1000, 1024)])
def test_it_grows_with_what_is_in_flight(in_flight: float, megabytes: int) -> None:
    assert size_files("web", in_flight).memory == megabytes * 2**20


def test_the_arithmetic_is_shown_of_services_with_files_alone() -> None:
    services = {
        "web": {"command": "a", "port": 80, "volumes": {"m": "/m"}, "route": {"static": {"path": "/m", "volume": "m"}}},
        "api": {"command": "a", "port": 81, "route": {"path": "/api"}},
    }
    sizing = size(a_stack(services=services, users={"monthly": 100_000}))
    line = "web's files: 64MB of memory for 37.04 in flight x 512KB + 32MB"
    assert list(sizing.files) == ["web"]
    assert sizing.arithmetic[-1] == line
    assert (line in sizing.arithmetic_of("web"), line in sizing.arithmetic_of("api")) == (True, False)
