"""What is left of data that was put away when it is deleted: the only copy stays, unless none is wanted."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from infra_specs.resources.resource import Resource
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.database import Database
from tasks.providers.aws.kinds.snapshots import COPY

pytestmark = pytest.mark.pure


class Copies(AwsClient):
    """Snapshots of databases, each an address and the use of the copy, the oldest first."""

    def __init__(self, *copies: tuple[str, str]) -> None:
        super().__init__("eu-central-1")
        self.snapshots = {
            f"tf-{number}": tags.tags_of(Resource("shop", address, "database", {}), 1) | {COPY: use}
            for number, (address, use) in enumerate(copies)
        }

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        assert operation == "describe_db_snapshots"
        for number, (name, written) in enumerate(list(self.snapshots.items())):
            yield {
                "DBSnapshotIdentifier": name, "DBSnapshotArn": f"arn:aws:rds:eu-central-1:1:snapshot:{name}",
                "AllocatedStorage": 20, "SnapshotCreateTime": datetime.fromtimestamp(1e9 + number, UTC),
                "TagList": tags.as_list(written),
            }  # fmt: skip

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        if operation == "delete_db_snapshot":
            del self.snapshots[parameters["DBSnapshotIdentifier"]]
        else:
            assert operation == "add_tags_to_resource"
            self.snapshots[parameters["ResourceName"].rpartition(":")[2]] |= tags.as_mapping(parameters["Tags"])
        return {}

    def left(self) -> list[tuple[str, str]]:
        return [(name, written[COPY]) for name, written in self.snapshots.items()]


MAIN, OTHER = "database/main", "database/other"


@pytest.mark.parametrize(
    ("copies", "kept"),
    [
        pytest.param([(MAIN, "shelf")], [("tf-0", "last copy")], id="the only copy"),
        pytest.param([(MAIN, "shelf"), (MAIN, "shelf")], [("tf-1", "last copy")], id="the newest of two"),
        pytest.param([(MAIN, "shelf"), (MAIN, "last copy")], [("tf-1", "last copy")], id="a last copy was made"),
        pytest.param(
            [(MAIN, "last copy"), (MAIN, "shelf")], [("tf-0", "last copy"), ("tf-1", "last copy")], id="an earlier life"
        ),
        pytest.param(
            [(MAIN, "shelf"), (OTHER, "last copy")], [("tf-0", "last copy"), ("tf-1", "last copy")], id="of another"
        ),
        pytest.param([], [], id="nothing"),
    ],
)
def test_the_newest_copy_stays(copies: list[tuple[str, str]], kept: list[tuple[str, str]]) -> None:
    aws = Copies(*copies)
    for _ in range(2):
        Database(aws).clear("shop", keep_last=True)
        assert aws.left() == kept
    assert not any(item.comes_back for item in Database(aws).kept("shop"))


def test_where_no_copy_is_wanted_only_earlier_last_copies_stay() -> None:
    aws = Copies((MAIN, "last copy"), (MAIN, "shelf"), (OTHER, "shelf"))
    Database(aws).clear("shop", keep_last=False)
    assert aws.left() == [("tf-0", "last copy")]
