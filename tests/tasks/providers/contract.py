"""What every provider must do. A provider's own test file subclasses this and gives it the provider."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.base import Provider, Stops, Sweeps, Uses

stack = "contract"
patience = 60.0
image: str | None = None
"""What a worker runs from, on targets that run containers."""


def worker(slot: int = 0, stack: str = stack, **changed: Any) -> Resource:
    """A replica without a port that runs for ever, the cheapest thing that any target can start."""
    settings = {
        "service": "jobs",
        "slot": slot,
        "command": ["sleep", "3600"],
        "image": image,
        "folder": "/",
        "env": {},
        "serves": False,
        "health": "/",
        **changed,
    }
    return Resource(stack, f"replica/jobs-{slot}", "replica", settings)


def job(name: str = "run-1", **changed: Any) -> Resource:
    """What runs to its end: by default one that says a line and ends with 0."""
    settings = {
        "service": "jobs",
        "command": ["sh", "-c", "echo once"],
        "image": image,
        "folder": "/",
        "env": {},
        "port": None,
        "release": 1,
        **changed,
    }
    return Resource(stack, f"job/{name}", "job", settings, singleton=True)


def volume(size: int = 1, stack: str = stack) -> Resource:
    return Resource(stack, "volume/database", "volume", {"size": size}, mutable=("size",), stateful=True)


def settled(provider: Provider, instance: Instance) -> Health:
    """Its health once it is no longer starting."""
    until = time.monotonic() + patience
    while (health := provider.health(instance)).state == "starting" and time.monotonic() < until:
        time.sleep(0.05)
    return health


class ProviderContract:
    """Subclass it with a `provider` fixture; `reopen` gives a second client of the same target."""

    @pytest.fixture
    def reopen(self) -> Callable[[], Provider]:
        raise NotImplementedError("a provider's tests say how it is opened again")

    def test_an_unknown_stack_is_empty(self, provider: Provider) -> None:
        assert provider.observe("nobody") == ()
        assert provider.stacks() == ()

    def test_what_is_made_is_observed_as_it_was_made(self, provider: Provider) -> None:
        made = provider.create(worker())
        assert settled(provider, made).state == "healthy"
        (seen,) = provider.observe(stack)
        assert (seen.stack, seen.address, seen.kind, seen.incarnation) == (stack, "replica/jobs-0", "replica", 1)
        assert (seen.fingerprint, dict(seen.digests)) == (worker().fingerprint, dict(worker().digests))
        assert seen.health.state == "healthy"
        assert seen.health.since <= time.time()
        assert provider.stacks() == (stack,)

    def test_create_is_idempotent(self, provider: Provider) -> None:
        first, again = provider.create(worker()), provider.create(worker())
        assert first.incarnation == again.incarnation == 1
        assert len(provider.observe(stack)) == 1

    def test_another_client_sees_the_same(self, provider: Provider, reopen: Callable[[], Provider]) -> None:
        provider.create(worker())
        other = reopen()
        try:
            assert [one.address for one in other.observe(stack)] == ["replica/jobs-0"]
            assert other.create(worker()).incarnation == 1
        finally:
            other.close()

    def test_bindings_dependencies_and_outputs_are_kept(self, provider: Provider) -> None:
        made = provider.create(replace(volume(), bindings={"a/b.port": "1"}, after=("a/b",)))
        (seen,) = provider.observe(stack)
        assert dict(seen.bindings) == {"a/b.port": "1"}
        assert seen.after == ("a/b",)
        assert seen.outputs["path"] == made.outputs["path"]
        assert seen.stateful

    def test_another_fingerprint_stands_beside_the_old_one(self, provider: Provider) -> None:
        provider.create(worker())
        second = provider.create(worker(env={"A": "1"}))
        assert second.incarnation == 2
        assert [one.incarnation for one in provider.observe(stack)] == [1, 2]

    def test_update_changes_what_is_known_of_it(self, provider: Provider) -> None:
        made = provider.create(volume())
        after = provider.update(made, volume(size=2))
        assert after.fingerprint == volume(size=2).fingerprint
        assert [one.fingerprint for one in provider.observe(stack)] == [after.fingerprint]
        assert provider.update(made, volume(size=2)).fingerprint == after.fingerprint

    def test_update_of_what_is_gone_says_so(self, provider: Provider) -> None:
        made = provider.create(volume())
        provider.destroy(made)
        with pytest.raises(ProviderError, match="gone"):
            provider.update(made, volume(size=2))

    def test_destroy_is_idempotent_and_leaves_nothing(self, provider: Provider) -> None:
        made = provider.create(worker())
        provider.destroy(made)
        provider.destroy(made)
        assert provider.observe(stack) == ()
        assert provider.stacks() == ()
        assert provider.health(made).state == "failed"
        assert provider.logs(made, 10) == ""

    def test_destroy_takes_one_incarnation_only(self, provider: Provider) -> None:
        first = provider.create(worker())
        provider.create(worker(env={"A": "1"}))
        provider.destroy(first)
        assert [one.incarnation for one in provider.observe(stack)] == [2]

    def test_a_sweep_takes_nothing_that_is_there(self, provider: Provider) -> None:
        if not isinstance(provider, Sweeps):
            pytest.skip("nothing can be left here")
        made = [provider.create(volume()), provider.create(worker())]
        assert settled(provider, made[1]).state == "healthy"
        for name in (stack, "other"):
            provider.sweep(name)
        assert [one.address for one in provider.observe(stack)] == ["replica/jobs-0", "volume/database"]
        assert provider.health(made[1]).state == "healthy"
        assert provider.stacks() == (stack,)

    def test_two_stacks_never_touch(self, provider: Provider) -> None:
        mine, other = provider.create(worker()), provider.create(worker(stack="other"))
        assert provider.stacks() == (stack, "other")
        provider.destroy(mine)
        assert [one.address for one in provider.observe("other")] == ["replica/jobs-0"]
        assert settled(provider, other).state == "healthy"
        provider.destroy(other)

    def test_a_failed_one_is_kept_and_gets_a_successor(self, provider: Provider) -> None:
        sick = provider.create(worker(command=["false"]))
        health = settled(provider, sick)
        assert health.state == "failed"
        assert "1" in health.reason
        successor = provider.create(worker(command=["false"]))
        assert successor.incarnation == 2
        assert [one.incarnation for one in provider.observe(stack)] == [1, 2]

    def test_what_is_stopped_has_failed_and_keeps_its_log(
        self, provider: Provider, reopen: Callable[[], Provider]
    ) -> None:
        if not isinstance(provider, Stops):
            pytest.skip("nothing is stopped here")
        made = provider.create(worker(command=["sh", "-c", "echo begun; exec sleep 3600"]))
        assert settled(provider, made).state == "healthy"
        written = provider.logs(made, 10)
        for _ in range(2):
            provider.stop(made, "it never answered")
        if isinstance(provider, Uses):
            assert not provider.uses(stack).get("replica/jobs-0", Usage()).memory, "it runs no more"
        other = reopen()
        try:
            (seen,) = other.observe(stack)
            assert (seen.health.state, seen.health.reason) == ("failed", "it never answered")
            assert other.health(made).reason == "it never answered"
            assert written in other.logs(made, 10)
        finally:
            other.close()
        assert provider.create(worker(command=["sh", "-c", "echo begun; exec sleep 3600"])).incarnation == 2
        provider.destroy(made)
        provider.stop(made, "it never answered")
        assert [one.incarnation for one in provider.observe(stack)] == [2]

    def test_what_never_ran_is_not_stopped(self, provider: Provider) -> None:
        if not isinstance(provider, Stops):
            pytest.skip("nothing is stopped here")
        made = provider.create(volume())
        provider.stop(made, "it never answered")
        assert [one.health.state for one in provider.observe(stack)] == ["healthy"]

    def test_observe_is_in_order(self, provider: Provider) -> None:
        for slot in (2, 0, 1):
            provider.create(worker(slot))
        provider.create(volume())
        addresses = [one.address for one in provider.observe(stack)]
        assert addresses == sorted(addresses)
        assert len(addresses) == 4

    def test_what_runs_says_what_it_uses(self, provider: Provider) -> None:
        if not isinstance(provider, Uses):
            pytest.skip("nothing is used here")
        provider.create(worker())

        def used() -> int:
            return provider.uses(stack).get("replica/jobs-0", Usage()).memory or 0

        until = time.monotonic() + patience
        while not used():
            assert time.monotonic() < until, "it uses no memory"
        assert 4096 <= used() < 2**30
        assert provider.uses("other") == {}

    def test_a_job_that_ended_with_0_is_healthy_and_stays_so(self, provider: Provider) -> None:
        made = provider.create(job())
        assert settled(provider, made).state == "healthy"
        again = provider.create(job())
        assert again.incarnation == 1
        assert (settled(provider, again).reason, provider.health(again).code) == ("exited with 0", 0)
        (seen,) = provider.observe(stack)
        assert (seen.address, seen.kind, seen.health.state) == ("job/run-1", "job", "healthy")

    def test_a_job_that_ended_otherwise_has_failed_and_another_try_is_another(self, provider: Provider) -> None:
        made = provider.create(job(command=["false"]))
        health = settled(provider, made)
        assert health.state == "failed"
        assert health.reason.startswith("exited with 1")
        assert provider.create(job(command=["false"])).incarnation == 2

    def test_a_job_is_destroyed_as_anything_else(self, provider: Provider) -> None:
        made = provider.create(job(command=["sleep", "3600"]))
        provider.destroy(made)
        provider.destroy(made)
        assert provider.observe(stack) == ()
        assert provider.stacks() == ()


class JobContract:
    """Of jobs, where they really run: subclass it beside `ProviderContract`."""

    def test_it_is_starting_while_it_runs(self, provider: Provider) -> None:
        made = provider.create(job(command=["sh", "-c", "trap exit TERM; echo begun; sleep 3600 & wait"]))
        until = time.monotonic() + patience
        while "begun" not in provider.logs(made, 5) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.5)  # longer than it takes until something else without a probe is called healthy
        (seen,) = provider.observe(stack)
        assert (seen.health.state, provider.health(seen).state) == ("starting", "starting")
        assert provider.create(job(command=["sh", "-c", "trap exit TERM; echo begun; sleep 3600 & wait"])) == seen

    @pytest.mark.parametrize("code", [0, 3])
    def test_it_runs_once(self, provider: Provider, code: int) -> None:
        made = provider.create(job(command=["sh", "-c", f"echo once; exit {code}"]))
        health = settled(provider, made)
        assert (health.reason, health.code) == (f"exited with {code}", code)
        time.sleep(1.0)  # long enough for something that is started again
        assert provider.logs(made, 10).split() == ["once"]

    def test_it_is_told_its_own_environment(self, provider: Provider) -> None:
        made = provider.create(job(command=["sh", "-c", "echo $MODE $PORT"], env={"MODE": "fast"}, port=8000))
        assert settled(provider, made).state == "healthy"
        mode, port = provider.logs(made, 10).split()
        assert (mode, port.isdigit()) == ("fast", True)
