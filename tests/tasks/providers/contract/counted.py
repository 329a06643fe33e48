"""One resource a service: `service/jobs` with a count, the only setting that changes in place."""

import time
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.resources import gone, patience, service, settled, stack, volume


class CountedContract:
    """Of targets whose model says that a service is counted. Put it before `ProviderContract`."""

    def program(self, stack: str = stack, **changed: Any) -> Resource:
        """A service of one copy."""
        return service(1, stack=stack, **changed)

    def test_it_is_one_resource_with_as_many_members_as_its_count(self, provider: KindProvider) -> None:
        made = provider.create(service(3))
        assert settled(provider, made).state == "healthy"
        seen = with_members(provider, made, 3)
        assert all(member.healthy for member in seen.members)
        assert len({member.name for member in seen.members}) == 3
        assert [instance.address for instance in provider.observe(stack)] == ["service/jobs"]

    def test_its_count_changes_in_place(self, provider: KindProvider) -> None:
        made = provider.create(service(2))
        for count in (5, 1, 2):
            changed = provider.update(made, service(count))
            assert (changed.incarnation, changed.fingerprint) == (1, service(count).fingerprint)
            assert settled(provider, changed).state == "healthy"
            with_members(provider, made, count)
        assert provider.update(made, service(2)).fingerprint == service(2).fingerprint, "so already"
        assert len(provider.observe(stack)) == 1

    def test_members_that_stay_are_not_replaced(self, provider: KindProvider) -> None:
        made = provider.create(service(2))
        assert settled(provider, made).state == "healthy"
        before = {member.name for member in with_members(provider, made, 2).members}
        provider.update(made, service(4))
        assert before < {member.name for member in with_members(provider, made, 4).members}

    def test_nothing_but_its_count_changes_in_place(self, provider: KindProvider) -> None:
        made = provider.create(service(2))
        with pytest.raises(ProviderError, match="replace it"):
            provider.update(made, service(2, env={"A": "1"}))
        (seen,) = provider.observe(stack)
        assert seen.fingerprint == service(2).fingerprint

    def test_a_release_stands_beside_the_one_before(self, provider: KindProvider) -> None:
        old = provider.create(service(2))
        new = provider.create(service(3, env={"A": "1"}))
        assert settled(provider, new).state == "healthy"
        assert len(with_members(provider, old, 2).members) == 2, "it serves on"
        with_members(provider, new, 3)
        gone(provider, old)
        assert [str(instance) for instance in provider.observe(stack)] == ["service/jobs#2"]
        with_members(provider, new, 3)

    def test_observe_is_in_order(self, provider: KindProvider) -> None:
        for name in ("web", "api", "jobs"):
            provider.create(service(1, name))
        provider.create(volume())
        addresses = [instance.address for instance in provider.observe(stack)]
        assert addresses == ["service/api", "service/jobs", "service/web", "volume/database"]


def with_members(provider: KindProvider, instance: Instance, count: int) -> Instance:
    """The instance once so many copies of it run."""
    until = time.monotonic() + patience
    while True:
        current = provider.look(instance)
        assert current is not None
        if len(current.members) == count:
            return current
        assert time.monotonic() < until, f"{len(current.members)} copies run, not {count}"
