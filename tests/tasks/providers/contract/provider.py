"""What every target must do, whatever it runs."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.history import history_among
from infra_specs.resources.resource import Resource
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.resources import gone, known, settled, stack, volume, worker
from tests.tasks.providers.looks import health_of


class ProviderContract:
    """Subclass it with a `provider` fixture; `reopen` gives a second client of the same target."""

    @pytest.fixture
    def reopen(self) -> Callable[[], KindProvider]:
        raise NotImplementedError("a provider's tests say how it is opened again")

    def program(self, stack: str = stack, **changed: Any) -> Resource:
        """The cheapest thing that this target can run."""
        return worker(stack=stack, **changed)

    def test_an_unknown_stack_is_empty(self, provider: KindProvider) -> None:
        assert provider.observe("nobody") == ()
        assert provider.stacks() == ()

    def test_what_is_made_is_observed_as_it_was_made(self, provider: KindProvider) -> None:
        made = provider.create(self.program())
        assert settled(provider, made).state == "healthy"
        (seen,) = provider.observe(stack)
        asked = self.program()
        assert (seen.stack, seen.address, seen.kind, seen.incarnation) == (stack, asked.address, asked.kind, 1)
        assert (seen.fingerprint, dict(seen.digests)) == (asked.fingerprint, dict(asked.digests))
        assert seen.health.state == "healthy"
        assert seen.health.since <= time.time()
        assert provider.stacks() == (stack,)

    def test_create_is_idempotent(self, provider: KindProvider) -> None:
        first, again = provider.create(self.program()), provider.create(self.program())
        assert first.incarnation == again.incarnation == 1
        assert len(provider.observe(stack)) == 1

    def test_another_client_sees_the_same(self, provider: KindProvider, reopen: Callable[[], KindProvider]) -> None:
        provider.create(self.program())
        other = reopen()
        try:
            assert [instance.address for instance in other.observe(stack)] == [self.program().address]
            assert other.create(self.program()).incarnation == 1
        finally:
            other.close()

    def test_bindings_dependencies_and_outputs_are_kept(self, provider: KindProvider) -> None:
        made = provider.create(replace(volume(), bindings={"a/b.port": "1"}, after=("a/b",)))
        path = known(provider, made, "path").outputs["path"]
        (seen,) = provider.observe(stack)
        assert dict(seen.bindings) == {"a/b.port": "1"}
        assert seen.after == ("a/b",)
        assert seen.outputs["path"] == path
        assert seen.stateful

    def test_one_that_was_told_another_value_stands_beside_the_old_one(self, provider: KindProvider) -> None:
        provider.create(replace(self.program(), bindings={"volume/data.path": "/a"}))
        moved = replace(self.program(), bindings={"volume/data.path": "/b"})
        assert [provider.create(moved).incarnation for _ in range(2)] == [2, 2]
        assert [instance.incarnation for instance in provider.observe(stack)] == [1, 2]

    def test_another_fingerprint_stands_beside_the_old_one(self, provider: KindProvider) -> None:
        provider.create(self.program())
        second = provider.create(self.program(env={"A": "1"}))
        assert second.incarnation == 2
        assert [instance.incarnation for instance in provider.observe(stack)] == [1, 2]

    def test_update_changes_what_is_known_of_it(self, provider: KindProvider) -> None:
        made = provider.create(volume())
        after = provider.update(made, volume(size=2))
        assert after.fingerprint == volume(size=2).fingerprint
        assert [instance.fingerprint for instance in provider.observe(stack)] == [after.fingerprint]
        assert provider.update(made, volume(size=2)).fingerprint == after.fingerprint

    def test_update_of_what_is_gone_says_so(self, provider: KindProvider) -> None:
        made = provider.create(volume())
        provider.destroy(made)
        with pytest.raises(ProviderError, match="gone"):
            provider.update(made, volume(size=2))

    def test_destroy_is_idempotent_and_leaves_nothing(self, provider: KindProvider) -> None:
        made = provider.create(self.program())
        gone(provider, made)
        gone(provider, made)
        assert provider.observe(stack) == ()
        assert provider.stacks() == ()
        assert health_of(provider, made).state == "failed"
        assert provider.logs(made, 10) == ""

    def test_destroy_takes_one_incarnation_only(self, provider: KindProvider) -> None:
        first = provider.create(self.program())
        provider.create(self.program(env={"A": "1"}))
        gone(provider, first)
        assert [instance.incarnation for instance in provider.observe(stack)] == [2]

    def test_a_sweep_takes_nothing_that_is_there(self, provider: KindProvider) -> None:
        made = [provider.create(volume()), provider.create(self.program())]
        assert settled(provider, made[1]).state == "healthy"
        for name in (stack, "other"):
            provider.sweep(name)
        assert [instance.address for instance in provider.observe(stack)] == [self.program().address, "volume/database"]
        assert health_of(provider, made[1]).state == "healthy"
        assert provider.stacks() == (stack,)

    def test_two_stacks_never_touch(self, provider: KindProvider) -> None:
        mine, other = provider.create(self.program()), provider.create(self.program("other"))
        assert provider.stacks() == (stack, "other")
        gone(provider, mine)
        assert [instance.address for instance in provider.observe("other")] == [self.program().address]
        assert settled(provider, other).state == "healthy"
        gone(provider, other)

    def test_a_failed_one_is_kept_and_gets_a_successor(self, provider: KindProvider) -> None:
        sick = provider.create(self.program(command=["false"]))
        health = settled(provider, sick)
        assert health.state == "failed"
        assert "1" in health.reason
        successor = provider.create(self.program(command=["false"]))
        assert successor.incarnation == 2
        assert [instance.incarnation for instance in provider.observe(stack)] == [1, 2]

    def test_a_failed_one_beside_its_healthy_successor_is_history_and_goes_after_an_hour(
        self, provider: KindProvider
    ) -> None:
        first = provider.create(self.program())
        assert settled(provider, first).state == "healthy"
        provider.stop(first, "it never answered")
        assert history_among(provider.observe(stack)) == ()
        assert settled(provider, provider.create(self.program())).state == "healthy"
        seen = provider.observe(stack)
        (old,) = history_among(seen)
        assert (old.address, old.incarnation, old.health.reason) == (first.address, 1, "it never answered")
        assert make_plan(stack, [self.program()], seen, moment=time.time() + 3500).empty
        (change,) = make_plan(stack, [self.program()], seen, moment=time.time() + 3700).changes
        assert (change.action, change.instance) == ("destroy", old)
        gone(provider, old)
        (left,) = provider.observe(stack)
        assert (left.incarnation, left.health.state) == (2, "healthy")

    def test_what_is_stopped_has_failed_and_keeps_its_log(
        self, provider: KindProvider, reopen: Callable[[], KindProvider]
    ) -> None:
        made = provider.create(self.program(command=["sh", "-c", "echo begun; exec sleep 3600"]))
        assert settled(provider, made).state == "healthy"
        written = provider.logs(made, 10)
        for _ in range(2):
            provider.stop(made, "it never answered")
        if provider.host:
            assert not provider.host.uses(stack).get(self.program().address, Usage()).memory, "it runs no more"
        other = reopen()
        try:
            (seen,) = other.observe(stack)
            assert (seen.health.state, seen.health.reason) == ("failed", "it never answered")
            assert health_of(other, made).reason == "it never answered"
            assert written in other.logs(made, 10)
        finally:
            other.close()
        assert provider.create(self.program(command=["sh", "-c", "echo begun; exec sleep 3600"])).incarnation == 2
        gone(provider, made)
        provider.stop(made, "it never answered")
        assert [instance.incarnation for instance in provider.observe(stack)] == [2]

    def test_what_never_ran_is_not_stopped(self, provider: KindProvider) -> None:
        made = provider.create(volume())
        provider.stop(made, "it never answered")
        assert [instance.health.state for instance in provider.observe(stack)] == ["healthy"]

    def test_a_look_tells_what_observing_tells(self, provider: KindProvider) -> None:
        made = [provider.create(self.program()), provider.create(volume())]
        for instance in made:
            assert settled(provider, instance).state == "healthy"
        known(provider, made[1], "path")
        seen = {instance.address: instance for instance in provider.observe(stack)}
        for instance in made:
            looked = provider.look(instance)
            assert looked is not None
            assert looked == replace(seen[instance.address], health=looked.health, members=looked.members)
            gone(provider, instance)
            assert provider.look(instance) is None

    def test_a_look_tells_the_fingerprint_that_runs(self, provider: KindProvider) -> None:
        made = provider.create(volume())
        provider.update(made, volume(size=2))
        looked = provider.look(made)
        assert looked is not None
        assert (looked.fingerprint, looked.digests) == (volume(size=2).fingerprint, volume(size=2).digests)

    def test_a_kind_that_it_does_not_have_is_refused(self, provider: KindProvider) -> None:
        with pytest.raises(ProviderError, match="has no kind balloon"):
            provider.create(Resource(stack, "balloon/red", "balloon"))
        assert provider.observe(stack) == ()
