"""Records in tags: read back as they were written, whatever is left of longer ones, and never with a secret."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health
from infra_specs.resources.resource import Resource, SecretRef
from tasks.providers.aws import tags

pytestmark = pytest.mark.pure

HEALTHY = Health("healthy", "well", 0.0)
ALLOWED = re.compile(r"[A-Za-z0-9 +\-=._:/@]*")
"""What every service of AWS takes in a tag."""
settings = st.dictionaries(st.text("abcdefghij", min_size=1), st.text(max_size=50), max_size=40)


@given(settings, st.integers(1, 10_000))
def test_what_is_written_is_read_back(written: dict[str, str], incarnation: int) -> None:
    resource = Resource("shop", "service/web", "service", written, after=("network/main",), drain_seconds=30)
    made = tags.tags_of(resource, incarnation, {"nat": "none"})
    seen = tags.instance_of_tags(made, HEALTHY, {"endpoint": "arn"})
    assert seen is not None
    assert (seen.fingerprint, seen.incarnation, seen.after) == (resource.fingerprint, incarnation, ("network/main",))
    assert seen.digests == resource.digests
    assert seen.outputs == {"nat": "none", "endpoint": "arn"}
    assert all(len(key) <= 128 and len(value) <= 256 and ALLOWED.fullmatch(value) for key, value in made.items())


def test_a_shorter_record_over_a_longer_one_is_read_alone() -> None:
    long = tags.tags_of(Resource("shop", "logs/main", "logs", {f"key{number}": number for number in range(60)}), 1)
    short = tags.tags_of(Resource("shop", "logs/main", "logs", {"days": 7}), 1)
    assert len(long) > len(short)
    seen = tags.instance_of_tags({**long, **short}, HEALTHY)
    assert seen is not None
    assert list(seen.digests) == ["days"]


def test_of_two_records_that_are_mixed_neither_is_believed() -> None:
    long = tags.tags_of(Resource("shop", "logs/main", "logs", {f"key{number}": number for number in range(60)}), 1)
    short = tags.tags_of(Resource("shop", "logs/main", "logs", {"days": 7}), 1)
    mixed = {**short, "tenfold:record.0": long["tenfold:record.0"]}
    with pytest.raises(ProviderError, match="logs/main is broken"):
        tags.instance_of_tags(mixed, HEALTHY)


def test_what_is_not_ours_is_none() -> None:
    assert tags.instance_of_tags({"Name": "web", "tenfold:stack": "shop"}, HEALTHY) is None
    part = {**tags.tags_of(Resource("shop", "logs/main", "logs"), 1), **tags.part_tags("shop", "logs/main", 1, "a:b")}
    assert tags.instance_of_tags(part, HEALTHY) is None


def test_a_record_that_no_tags_hold_is_refused() -> None:
    many = {f"setting{number}": SecretRef("s", number) for number in range(2000)}
    with pytest.raises(ProviderError, match="Give it fewer settings"):
        tags.tags_of(Resource("shop", "service/web", "service", many), 1)
