"""Where a program in a container listens, from what the kernel says, and what it is told."""

import pytest

from tasks.providers.docker.health.port_hint import port_hint

pytestmark = pytest.mark.pure

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def sockets(*addresses: str, state: str = "0A") -> str:
    remote = {8: "00000000:0000", 32: f"{'0' * 32}:0000"}
    return HEAD + "".join(
        f"   {number}: {address} {remote[len(address.partition(':')[0])]} {state} 00000000:00000000 00:00000000"
        f" 00000000 0 0 {number} 1 0000000000000000 100 0 0 10 0\n"
        for number, address in enumerate(addresses)
    )


ANY, ANY_6 = "00000000", "0" * 32
LOOPBACK, LOOPBACK_6, MAPPED = "0100007F", "0" * 24 + "01000000", "0" * 16 + "FFFF00000100007F"
OTHER = (
    "; it listens on {} and not on 8000, which `port` in the file says and the variable PORT gives it. Let it "
    "read that, or write port: {}"
)
ALONE = (
    "; it listens on port 8000 of 127.0.0.1 alone, where nothing outside of its container reaches it. Let it listen on "
    "0.0.0.0"
)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (sockets(f"{ANY}:1F40"), ""),
        (sockets(f"{ANY_6}:1F40"), ""),
        (sockets("0A00A8C0:1F40"), ""),
        (sockets(f"{ANY}:0BB8"), OTHER.format("port 3000", 3000)),
        (sockets(f"{LOOPBACK}:0BB8"), OTHER.format("port 3000", 3000)),
        (sockets(f"{ANY}:1388", f"{ANY_6}:0BB8", f"{ANY_6}:1388"), OTHER.format("ports 3000 and 5000", 3000)),
        (sockets(f"{LOOPBACK}:1F40"), ALONE),
        (sockets(f"{LOOPBACK_6}:1F40"), ALONE),
        (sockets(f"{MAPPED}:1F40", f"{ANY}:0BB8"), ALONE),
        (sockets(f"{LOOPBACK}:1F40", f"{ANY}:1F40"), ""),
        # The engine's own, which answers for names, and a connection.
        (sockets("0B00007F:9C40"), ""),
        (sockets("0B00007F:9C40", f"{ANY}:0BB8"), OTHER.format("port 3000", 3000)),
        (sockets(f"{ANY}:0BB8", state="01"), ""),
        (sockets(), ""),
        ("", ""),
        ("cat: no such file\n", ""),
    ],
)
def test_a_program_that_listens_elsewhere_is_told(text: str, hint: str) -> None:
    assert port_hint(text, 8000) == hint
