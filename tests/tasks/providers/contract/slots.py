"""One resource a slot: a service is as many replicas as it has slots, each with an address of its own."""

import time

import pytest

from infra_specs.advice.rightsizing import Usage
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.resources import patience, stack, volume, worker


class SlotsContract:
    """Of targets whose model says that a service is not counted. `measured_use`: it can say what its programs use."""

    measured_use = True

    def test_observe_is_in_order(self, provider: KindProvider) -> None:
        for slot in (2, 0, 1):
            provider.create(worker(slot))
        provider.create(volume())
        addresses = [instance.address for instance in provider.observe(stack)]
        assert addresses == sorted(addresses)
        assert len(addresses) == 4

    def test_what_runs_says_what_it_uses(self, provider: KindProvider) -> None:
        if not self.measured_use:
            pytest.skip("nothing is used here")
        assert provider.host is not None
        provider.create(worker())

        def used() -> int:
            return provider.host.uses(stack).get("replica/jobs-0", Usage()).memory or 0

        until = time.monotonic() + patience
        while not used():
            assert time.monotonic() < until, "it uses no memory"
        assert 4096 <= used() < 2**30
        assert provider.host.uses("other") == {}
