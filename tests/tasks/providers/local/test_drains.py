"""What is under way when a replica goes, on the local target."""

import sys

import pytest

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider
from tests.tasks.providers.contract.drains import DrainContract, Replicas, source
from tests.tasks.providers.local.world import made, proxy, replica

pytestmark = [pytest.mark.local, pytest.mark.proof]


class TestLocal(DrainContract):
    @pytest.fixture
    def door(self, provider: LocalProvider) -> Instance:
        return made(provider, proxy())

    @pytest.fixture
    def replicas(self) -> Replicas:
        def made(name: str, slot: int) -> Resource:
            code = source.replace("ended.set", "os._exit, 1") if name == "deaf" else source
            return replica(slot, command=[sys.executable, "-S", "-c", code], env={"NAME": name}, health="/")

        return made
