"""An instance as labels and back, and what a thing is called."""

import pytest

from infra_specs.resources.instance import Health
from infra_specs.resources.resource import Ref, Resource, SecretRef, Template
from tasks.providers.docker.labels import host_of, instance_of, is_instance, key_of, labels_of, name_of, part_of

pytestmark = pytest.mark.pure


def resource() -> Resource:
    url = Template("x://{password}@{host}", {"password": SecretRef("pw"), "host": Ref("database/main", "host")})
    wanted = Resource("shop", "replica/web-0", "replica", {"env": {"URL": url}}, stateful=True, drain_seconds=3.5)
    return wanted.resolved(lambda each: "hidden" if isinstance(each, SecretRef) else "db")


def test_there_and_back() -> None:
    wanted = resource()
    labels = labels_of(wanted, 3, {"endpoint": "10.0.0.2:80"})
    seen = instance_of(labels, Health("healthy", "", 0.0))
    assert (seen.stack, seen.address, seen.kind, seen.incarnation) == ("shop", "replica/web-0", "replica", 3)
    assert (seen.fingerprint, seen.digests, seen.bindings) == (wanted.fingerprint, wanted.digests, wanted.bindings)
    assert (seen.outputs, seen.after) == ({"endpoint": "10.0.0.2:80"}, ("database/main",))
    assert (seen.stateful, seen.drain_seconds) == (True, 3.5)
    assert key_of(labels) == ("replica/web-0", 3)


def test_no_label_holds_a_secret_and_every_one_is_ours() -> None:
    labels = labels_of(resource(), 1, {})
    assert "hidden" not in str(labels)
    assert all(name.startswith("tenfold.") and isinstance(value, str) for name, value in labels.items())


def test_a_part_is_no_instance() -> None:
    assert is_instance(labels_of(resource(), 1, {}))
    assert not is_instance(part_of("shop", "network"))
    assert not is_instance({})


def test_names() -> None:
    assert name_of("shop") == "tenfold.shop"
    assert name_of("shop", "replica/web-0", 2) == "tenfold.shop.replica.web-0.2"
    assert name_of("shop", "database/main", 1, "note2") == "tenfold.shop.database.main.1.note2"
    assert name_of("a-b", "volume/c") != name_of("a", "volume/b-c")
    assert host_of("database/main") == "database.main"
