"""Who listens on a port, and on which addresses of the machine."""

import socket

import pytest

from tasks.supervisor.listening import can_tell, is_everywhere

pytestmark = pytest.mark.local


@pytest.mark.skipif(not can_tell(), reason="only Linux says who listens")
@pytest.mark.parametrize(
    ("host", "everywhere"),
    [("127.0.0.1", False), ("0.0.0.0", True), ("::", True), ("::1", False)],
)
def test_a_port_has_one_address_or_every_one(host: str, everywhere: bool) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as server:
        port = server.getsockname()[1]
        assert is_everywhere(port) is everywhere
    assert is_everywhere(port) is False
