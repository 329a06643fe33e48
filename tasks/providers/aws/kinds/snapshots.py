"""Snapshots of databases on RDS: the shelf that data is put on, and last copies of data that was deleted.

A database is tagged with the use of its last snapshot before it is deleted, and AWS copies its tags to the snapshot.
One that came back from a snapshot is tagged with its name: only such a snapshot is removed as no longer needed.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from infra_specs.errors import ProviderError
from infra_specs.resources.shelved import Shelved
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import is_missing

Use: TypeAlias = Literal["shelf", "last copy"]
COPY, CAME_FROM = "tenfold:copy", "tenfold:came-from"


class Snapshots:
    """Of all stacks, found by their tags."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def listed(self, stack: str) -> Iterator[tuple[Shelved, Mapping[str, Any]]]:
        """What AWS keeps of a stack's data, the oldest first, with what it says of it."""
        snapshots = self._aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
        kept = []
        for snapshot in snapshots:
            written = tags.as_mapping(snapshot.get("TagList"))
            if tags.of(written, stack) and COPY in written:
                kept.append((_shelved(snapshot, written), snapshot))
        return iter(sorted(kept, key=lambda item: item[0].since))

    def on_shelf(self, stack: str, address: str) -> Mapping[str, Any] | None:
        """The newest snapshot that a database at this address begins with."""
        fitting = [snapshot for item, snapshot in self.listed(stack) if item.comes_back and item.address == address]
        return fitting[-1] if fitting else None

    def keep(self, snapshot: Mapping[str, Any]) -> None:
        """Make it a last copy, which never comes back and stays."""
        last: Use = "last copy"
        written = tags.as_list({COPY: last})
        self._aws.call("rds", "add_tags_to_resource", ResourceName=snapshot["DBSnapshotArn"], Tags=written)

    def remove(self, name: str) -> None:
        """Gone already: success."""
        try:
            self._aws.call("rds", "delete_db_snapshot", DBSnapshotIdentifier=name)
        except ProviderError as error:
            if not is_missing(error):
                raise

    def sweep(self, stack: str, address: str, came_from: str) -> None:
        """Remove the snapshot that a database came back from, and all that were on the shelf before it."""
        shelf = [item for item, _ in self.listed(stack) if item.comes_back and item.address == address]
        names = [item.name for item in shelf]
        if came_from in names:
            for name in names[: names.index(came_from) + 1]:
                self.remove(name)


def name_of(database: Mapping[str, Any], use: Use) -> str:
    """The name of a database's last snapshot. Names of databases come back, so it holds when this one was made."""
    created = database.get("InstanceCreateTime")
    moment = str(round(created.timestamp() * 1000)) if created else "unborn"
    return f"{database['DBInstanceIdentifier']}-{use.replace(' ', '-')}-{moment}"


def _shelved(snapshot: Mapping[str, Any], written: Mapping[str, str]) -> Shelved:
    created = snapshot.get("SnapshotCreateTime")
    return Shelved(
        written[tags.STACK],
        written[tags.ADDRESS],
        str(snapshot["DBSnapshotIdentifier"]),
        int(snapshot["AllocatedStorage"]),
        created.timestamp() if created else now(),
        written[COPY] == "shelf",
    )
