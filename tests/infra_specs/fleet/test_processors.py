"""Images and the processors of hosts."""

import pytest

from infra_specs.fleet.processors import other_processors, runs_on

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("machine", "image", "runs"),
    [
        ("x86_64", "amd64", True), ("x86_64", "386", True), ("x86_64", "arm64", False), ("aarch64", "arm64", True),
        ("aarch64", "amd64", False), ("armv7l", "arm64", False), ("riscv64", "amd64", True), ("x86_64", "", True),
    ],
)  # fmt: skip
def test_what_runs(machine: str, image: str, runs: bool) -> None:
    assert runs_on(machine, image) is runs


def test_each_host_that_cannot_run_it_is_named() -> None:
    machines = {"10.0.0.11": "x86_64", "10.0.0.12": "aarch64"}
    assert other_processors("shop:1", "amd64", machines) == (
        "shop:1 is built for amd64, and 10.0.0.12 (aarch64) has another processor. All hosts of a fleet run the same "
        "images: take one that fits them all, or take these hosts out of the list."
    )
    assert "10.0.0.11 (x86_64), 10.0.0.12 (aarch64) have other" in other_processors("shop:1", "s390x", machines)
    assert other_processors("shop:1", "amd64", {"10.0.0.11": "x86_64"}) == ""
