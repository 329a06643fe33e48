"""The kind `database` on AWS: an RDS PostgreSQL in the stack's private networks, with its data."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_in_use, is_missing
from tasks.providers.aws.names import MOST_INCARNATIONS, plain_name
from tasks.providers.seam.kind import Kind

_WORKS = frozenset({
    "available", "backing-up", "modifying", "maintenance", "storage-optimization", "configuring-enhanced-monitoring",
    "configuring-log-exports", "upgrading", "storage-config-upgrade", "storage-initialization",
})  # fmt: skip
_MAKES = frozenset({"creating", "rebooting", "renaming", "resetting-master-credentials", "starting"})
"""States in which it serves, and those in which it will; in any other somebody must look."""


class Database(Kind):
    """Backups are on from its beginning, and it is protected: only `destroy` takes the protection away."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

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
        if instance.ending and self._has_subnets(name):
            return instance
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name, settings = plain_name(resource.stack, resource.address, incarnation), resource.settings
        self._make_subnets(name, resource, incarnation)
        try:
            self._aws.call(
                "rds", "create_db_instance", DBInstanceIdentifier=name, DBInstanceClass=settings["class"],
                Engine="postgres", EngineVersion=settings["version"], DBName=settings["name"],
                MasterUsername=settings["user"], MasterUserPassword=settings["password"],
                AllocatedStorage=settings["storage"], StorageType="gp3", StorageEncrypted=True,
                MultiAZ=settings["zones"] != 1, BackupRetentionPeriod=settings["backup_days"],
                DBSubnetGroupName=name, VpcSecurityGroupIds=[settings["group"]], PubliclyAccessible=False,
                DeletionProtection=True, CopyTagsToSnapshot=True, AutoMinorVersionUpgrade=True,
                Tags=tags.as_list(tags.tags_of(resource, incarnation)),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) not in ("DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault"):
                raise
        database = self._named(name)
        made = _instance(database, tags.as_mapping(database.get("TagList"))) if database else None
        if made is None:
            raise ProviderError(
                f"{resource.address} of stack {resource.stack} vanished while it was made: run it again"
            )
        return made

    def update(self, instance: Instance, resource: Resource) -> None:
        settings, name = resource.settings, _name(instance)
        database = self._named(name)
        assert database is not None
        if _number(settings["storage"]) < database["AllocatedStorage"]:
            raise ProviderError(
                f"{instance}: a database on AWS has {database['AllocatedStorage']} GB, and its storage only grows. "
                "Write that or more."
            )
        self._aws.call(
            "rds", "modify_db_instance", DBInstanceIdentifier=name, DBInstanceClass=settings["class"],
            AllocatedStorage=settings["storage"], MultiAZ=settings["zones"] != 1,
            BackupRetentionPeriod=settings["backup_days"], MasterUserPassword=settings["password"],
            ApplyImmediately=True,
        )  # fmt: skip
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("rds", "add_tags_to_resource", ResourceName=database["DBInstanceArn"], Tags=written)

    def destroy(self, instance: Instance) -> Instance | None:
        """Data and all, with a last snapshot of it."""
        name = _name(instance)
        database = self._named(name)
        if database is not None:
            if database["DBInstanceStatus"] != "deleting":
                self._delete(name, database)
            if self._named(name) is not None:
                return _ending(instance, "AWS removes it, after a last snapshot")
        return None if self._remove_subnets(name) else _ending(instance, "its networks are still in use")

    def sweep(self, stack: str, address: str) -> None:
        """Remove the networks of incarnations that a killed run never made."""
        groups = self._aws.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups")
        own = {plain_name(stack, address, number) for number in range(1, MOST_INCARNATIONS)}
        for name in [str(group["DBSubnetGroupName"]) for group in groups]:
            if name in own and self._named(name) is None:
                self._remove_subnets(name)

    def _delete(self, name: str, database: Mapping[str, Any]) -> None:
        created = database.get("InstanceCreateTime")
        last = f"{name}-{round(created.timestamp() * 1000)}" if created else f"{name}-unborn"  # names come back
        self._aws.call(
            "rds", "modify_db_instance", DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
        )
        self._aws.call(
            "rds", "delete_db_instance", DBInstanceIdentifier=name, SkipFinalSnapshot=False,
            FinalDBSnapshotIdentifier=last, DeleteAutomatedBackups=True,
        )  # fmt: skip

    def _make_subnets(self, name: str, resource: Resource, incarnation: int) -> None:
        written = tags.part_tags(resource.stack, resource.address, incarnation, "subnets")
        try:
            self._aws.call(
                "rds", "create_db_subnet_group", DBSubnetGroupName=name,
                DBSubnetGroupDescription=f"{resource.address} of stack {resource.stack}",
                SubnetIds=str(resource.settings["subnets"]).split(","), Tags=tags.as_list(written),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) not in ("DBSubnetGroupAlreadyExists", "DBSubnetGroupAlreadyExistsFault"):
                raise

    def _remove_subnets(self, name: str) -> bool:
        try:
            self._aws.call("rds", "delete_db_subnet_group", DBSubnetGroupName=name)
        except ProviderError as error:
            if is_in_use(error):
                return False
            if not is_missing(error):
                raise
        return True

    def _has_subnets(self, name: str) -> bool:
        try:
            return bool(self._aws.call("rds", "describe_db_subnet_groups", DBSubnetGroupName=name)["DBSubnetGroups"])
        except ProviderError as error:
            if is_missing(error):
                return False
            raise

    def _databases(self, **which: Any) -> Iterator[Mapping[str, Any]]:
        return self._aws.pages("rds", "describe_db_instances", "DBInstances", **which)

    def _named(self, name: str) -> Mapping[str, Any] | None:
        try:
            return next(iter(self._databases(DBInstanceIdentifier=name)), None)
        except ProviderError as error:
            if is_missing(error):
                return None
            raise


def _instance(database: Mapping[str, Any], written: Mapping[str, str]) -> Instance | None:
    endpoint = database.get("Endpoint", {})
    outputs = {"host": endpoint["Address"], "port": str(endpoint["Port"])} if endpoint.get("Address") else {}
    return tags.instance_of_tags(written, _health(database), outputs)


def _health(database: Mapping[str, Any]) -> Health:
    status = str(database["DBInstanceStatus"])
    created = database.get("InstanceCreateTime")
    since = created.timestamp() if created else now()
    if status == "deleting":
        return Health("ending", "AWS removes it, after a last snapshot", since)
    if status in _WORKS:
        return Health("healthy", f"AWS says {status}", since)
    return Health("starting" if status in _MAKES else "failed", f"AWS says {status}", since)


def _ending(instance: Instance, why: str) -> Instance:
    return replace(instance, health=Health("ending", why, now()))


def _name(instance: Instance) -> str:
    return plain_name(instance.stack, instance.address, instance.incarnation)


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value
