"""The kind `database` on AWS: an RDS PostgreSQL in the stack's private networks, with its data."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.resources.shelved import Shelved
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of
from tasks.providers.aws.kinds.outcomes import ending, first_of, vanished
from tasks.providers.aws.kinds.snapshots import CAME_FROM, COPY, Snapshots, Use, name_of
from tasks.providers.aws.kinds.subnet_group import SubnetGroups
from tasks.providers.aws.names import plain_name
from tasks.providers.seam.kind import Kind

_WORKS = frozenset({
    "available", "backing-up", "modifying", "maintenance", "storage-optimization", "configuring-enhanced-monitoring",
    "configuring-log-exports", "upgrading", "storage-config-upgrade", "storage-initialization",
})  # fmt: skip
_MAKES = frozenset({"creating", "rebooting", "renaming", "resetting-master-credentials", "starting"})
"""States in which it serves, and those in which it will; in any other somebody must look."""
_OF_THE_SNAPSHOT = ("engine", "version", "user", "name", "password")
"""Settings that a database from a snapshot has from there, whatever is wanted: they change after it is back."""


class Database(Kind):
    """Backups are on from its beginning, and it is protected: only its end takes the protection away.

    It is the target's shelf, too: data that is put away is a snapshot, and the next database begins with that.
    """

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws
        self._snapshots = Snapshots(aws)
        self._subnets = SubnetGroups(
            aws, "rds", "DB", "create_db_subnet_group", "describe_db_subnet_groups", "delete_db_subnet_group",
            plain_name,
        )  # fmt: skip

    def list(self, stack: str) -> Iterator[Instance]:
        for database in self._databases():
            written = tags.as_mapping(database.get("TagList"))
            if tags.of(written, stack) and (instance := _instance(database, written)):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        name = _name(instance)
        database = self._named(name)
        if database is not None:
            return _instance(database, tags.as_mapping(database.get("TagList")))
        return instance if instance.ending and self._subnets.has(name) else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name = self._subnets.make(resource, incarnation)
        snapshot = self._snapshots.on_shelf(resource.stack, resource.address)
        try:
            if snapshot is None:
                self._make(name, resource, incarnation)
            else:
                self._begin_with(name, resource, incarnation, snapshot)
        except ProviderError as error:
            if code_of(error).removesuffix("Fault") != "DBInstanceAlreadyExists":
                raise
        database = self._named(name)
        made = _instance(database, tags.as_mapping(database.get("TagList"))) if database else None
        if made is None:
            raise vanished(resource)
        return made

    def update(self, instance: Instance, resource: Resource) -> None:
        settings, name = resource.settings, _name(instance)
        database = self._named(name)
        assert database is not None
        _refuse_less_storage(str(instance), resource, database["AllocatedStorage"])
        self._aws.call(
            "rds", "modify_db_instance", DBInstanceIdentifier=name, DBInstanceClass=settings["class"],
            AllocatedStorage=settings["storage"], MultiAZ=settings["zones"] != 1,
            BackupRetentionPeriod=settings["backup_days"], MasterUserPassword=settings["password"],
            ApplyImmediately=True,
        )  # fmt: skip
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("rds", "add_tags_to_resource", ResourceName=database["DBInstanceArn"], Tags=written)

    def destroy(self, instance: Instance) -> Instance | None:
        """Data and all. A copy is made first where the run asks for one: `put_away`."""
        return self._end(instance, None)

    def sweep(self, stack: str, address: str) -> None:
        """Remove the networks of incarnations that a killed run never made, and snapshots whose data is back."""
        self._subnets.sweep(stack, address, lambda name: self._named(name) is not None)
        for database in self._databases():
            written = tags.as_mapping(database.get("TagList"))
            back = tags.of(written, stack, address) and database["DBInstanceStatus"] == "available"
            if back and CAME_FROM in written:
                self._snapshots.sweep(stack, address, written[CAME_FROM])
                arn = database["DBInstanceArn"]
                self._aws.call("rds", "remove_tags_from_resource", ResourceName=arn, TagKeys=[CAME_FROM])

    # The shelf

    def put_away(self, instance: Instance, *, comes_back: bool) -> Instance | None:
        return self._end(instance, "shelf" if comes_back else "last copy")

    def kept(self, stack: str) -> tuple[Shelved, ...]:
        return tuple(item for item, _ in self._snapshots.listed(stack))

    def clear(self, stack: str, *, keep_last: bool) -> None:
        copies = tuple(self._snapshots.listed(stack))
        newest = {item.address: item.name for item, _ in copies}
        for item, snapshot in copies:
            if keep_last and item.comes_back and newest[item.address] == item.name:
                self._snapshots.keep(snapshot)
            elif item.comes_back:
                self._snapshots.remove(item.name)

    def _make(self, name: str, resource: Resource, incarnation: int) -> None:
        settings = resource.settings
        self._aws.call(
            "rds", "create_db_instance", DBInstanceIdentifier=name, Engine="postgres",
            EngineVersion=settings["version"], DBName=settings["name"], MasterUsername=settings["user"],
            MasterUserPassword=settings["password"], AllocatedStorage=settings["storage"], StorageEncrypted=True,
            Tags=tags.as_list(tags.tags_of(resource, incarnation)), **_shape(name, resource),
        )  # fmt: skip

    def _begin_with(self, name: str, resource: Resource, incarnation: int, snapshot: Mapping[str, Any]) -> None:
        """Begin with the data of a snapshot. What it has from there is recorded as it was, so a plan changes it."""
        _refuse_less_storage(resource.address, resource, snapshot["AllocatedStorage"])
        written = tags.tags_of(_as_it_was(resource, snapshot), incarnation)
        from_where = str(snapshot["DBSnapshotIdentifier"])
        self._aws.call(
            "rds", "restore_db_instance_from_db_snapshot", DBInstanceIdentifier=name, DBSnapshotIdentifier=from_where,
            AllocatedStorage=resource.settings["storage"], Tags=tags.as_list({**written, CAME_FROM: from_where}),
            **_shape(name, resource),
        )  # fmt: skip

    def _end(self, instance: Instance, use: Use | None) -> Instance | None:
        name = _name(instance)
        database = self._named(name)
        why = f"AWS removes it, after a {use} of its data" if use else "AWS removes it"
        if database is not None:
            if database["DBInstanceStatus"] != "deleting":
                self._delete(name, database, use)
            if self._named(name) is not None:
                return ending(instance, why)
        return None if self._subnets.remove(name) else ending(instance, "its networks are still in use")

    def _delete(self, name: str, database: Mapping[str, Any], use: Use | None) -> None:
        copy: dict[str, Any] = {"SkipFinalSnapshot": True}
        if use is not None:
            copy = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": name_of(database, use)}
            arn, written = database["DBInstanceArn"], tags.as_list({COPY: use})
            self._aws.call("rds", "add_tags_to_resource", ResourceName=arn, Tags=written)
        self._aws.call(
            "rds", "modify_db_instance", DBInstanceIdentifier=name, DeletionProtection=False, CopyTagsToSnapshot=True,
            ApplyImmediately=True,
        )  # fmt: skip
        self._aws.call("rds", "delete_db_instance", DBInstanceIdentifier=name, DeleteAutomatedBackups=True, **copy)

    def _databases(self, **which: Any) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("rds", "describe_db_instances", "DBInstances", **which)

    def _named(self, name: str) -> Mapping[str, Any] | None:
        return first_of(self._databases(DBInstanceIdentifier=name))


def _shape(name: str, resource: Resource) -> dict[str, Any]:
    """What a new database and one from a snapshot are told alike."""
    settings = resource.settings
    return {
        "DBInstanceClass": settings["class"],
        "StorageType": "gp3",
        "MultiAZ": settings["zones"] != 1,
        "BackupRetentionPeriod": settings["backup_days"],
        "DBSubnetGroupName": name,
        "VpcSecurityGroupIds": [settings["group"]],
        "PubliclyAccessible": False,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": True,
    }


def _as_it_was(resource: Resource, snapshot: Mapping[str, Any]) -> Resource:
    """The resource with the digests of a snapshot's own settings."""
    before = tags.instance_of_tags(tags.as_mapping(snapshot.get("TagList")), Health("healthy", "", 0.0))
    assert before is not None
    own = {name: before.digests[name] for name in _OF_THE_SNAPSHOT if name in before.digests}
    return replace(resource, digests={**resource.digests, **own})


def _refuse_less_storage(which: str, resource: Resource, gigabytes: int) -> None:
    storage = resource.settings["storage"]
    assert isinstance(storage, int)
    if storage < gigabytes:
        raise ProviderError(
            f"{which}: a database on AWS has {gigabytes} GB, and its storage only grows. Write that or more."
        )


def _instance(database: Mapping[str, Any], written: Mapping[str, str]) -> Instance | None:
    endpoint = database.get("Endpoint", {})
    outputs = {"host": endpoint["Address"], "port": str(endpoint["Port"])} if endpoint.get("Address") else {}
    if CAME_FROM in written:
        outputs[CAME_FROM] = written[CAME_FROM]
    return tags.instance_of_tags(written, _health(database), outputs)


def _health(database: Mapping[str, Any]) -> Health:
    status = str(database["DBInstanceStatus"])
    created = database.get("InstanceCreateTime")
    since = created.timestamp() if created else now()
    if status == "deleting":
        return Health("ending", "AWS removes it", since)
    if status in _WORKS:
        return Health("healthy", f"AWS says {status}", since)
    return Health("starting" if status in _MAKES else "failed", f"AWS says {status}", since)


def _name(instance: Instance) -> str:
    return plain_name(instance.stack, instance.address, instance.incarnation)
