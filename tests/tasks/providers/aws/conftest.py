"""A moto server for all tests of AWS in this folder, which each test finds empty."""

from collections.abc import Iterator

import pytest

from tasks.providers.aws.client import AwsClient, _Rate
from tests.support.moto.running import forget, moto_server

REGION = "eu-central-1"


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.fixture
def endpoint(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    forget(server)
    monkeypatch.setattr("tasks.providers.aws.client._RATE", _Rate(10_000))
    for name, value in (
        ("AWS_ENDPOINT_URL", server), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return server


class Killed(BaseException):
    """The process that made a call ends before it sees the answer."""


class CountedClient(AwsClient):
    """Counts its calls, and may end the process's work after one: the answer is lost, as when it is killed there."""

    def __init__(self, region: str = REGION, end_after: int | None = None) -> None:
        super().__init__(region)
        self.calls: list[str] = []
        self._end_after = end_after

    def answered(self, service: str, operation: str) -> None:
        self.calls.append(f"{service}.{operation}")
        if len(self.calls) == self._end_after:
            raise Killed(f"killed after {self.calls[-1]}")


@pytest.fixture
def aws(endpoint: str) -> Iterator[CountedClient]:
    client = CountedClient()
    yield client
    client.close()
