"""What runs to its end: jobs."""

import time

import pytest

from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.resources import gone, job, patience, settled, stack
from tests.tasks.providers.looks import health_of


class JobContract:
    """Of jobs on every target."""

    def test_a_job_that_ended_with_0_is_healthy_and_stays_so(self, provider: KindProvider) -> None:
        made = provider.create(job())
        assert settled(provider, made).state == "healthy"
        again = provider.create(job())
        assert again.incarnation == 1
        assert (settled(provider, again).reason, health_of(provider, again).code) == ("exited with 0", 0)
        (seen,) = provider.observe(stack)
        assert (seen.address, seen.kind, seen.health.state) == ("job/run-1", "job", "healthy")

    def test_a_job_that_ended_otherwise_has_failed_and_another_try_is_another(self, provider: KindProvider) -> None:
        made = provider.create(job(command=["false"]))
        health = settled(provider, made)
        assert health.state == "failed"
        assert health.reason.startswith("exited with 1")
        assert provider.create(job(command=["false"])).incarnation == 2

    def test_a_job_is_destroyed_as_anything_else(self, provider: KindProvider) -> None:
        made = provider.create(job(command=["sleep", "3600"]))
        gone(provider, made)
        gone(provider, made)
        assert provider.observe(stack) == ()
        assert provider.stacks() == ()


class RunningJobContract:
    """Of jobs where they really run."""

    def test_it_is_starting_while_it_runs(self, provider: KindProvider) -> None:
        made = provider.create(job(command=["sh", "-c", "trap exit TERM; echo begun; sleep 3600 & wait"]))
        until = time.monotonic() + patience
        while "begun" not in provider.logs(made, 5) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.5)  # longer than it takes until something else without a probe is called healthy
        (seen,) = provider.observe(stack)
        assert (seen.health.state, health_of(provider, seen).state) == ("starting", "starting")
        assert provider.create(job(command=["sh", "-c", "trap exit TERM; echo begun; sleep 3600 & wait"])) == seen

    @pytest.mark.parametrize("code", [0, 3])
    def test_it_runs_once(self, provider: KindProvider, code: int) -> None:
        made = provider.create(job(command=["sh", "-c", f"echo once; exit {code}"]))
        health = settled(provider, made)
        assert (health.reason, health.code) == (f"exited with {code}", code)
        time.sleep(1.0)  # long enough for something that is started again
        assert provider.logs(made, 10).split() == ["once"]

    def test_it_is_told_its_own_environment(self, provider: KindProvider) -> None:
        made = provider.create(job(command=["sh", "-c", "echo $MODE $PORT"], env={"MODE": "fast"}, port=8000))
        assert settled(provider, made).state == "healthy"
        mode, port = provider.logs(made, 10).split()
        assert (mode, port.isdigit()) == ("fast", True)
