"""Every call to AWS that the product makes, and what it may be made on. `policy` prints permissions from it.

`AwsClient` refuses a call that is not in this table, so no call is without its permission. Nothing here imports boto3.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["all", "new", "inside", "ours", "tag", "role", "secret", "log", "data"]
"""all: looks, which AWS bounds by nothing. new: creations that carry our tag. inside: creations that carry our tag
within a thing that has it, which AWS judges by itself. ours: things that have our tag. tag: tags of those, and of what
is just made: who could tag anything could make anything ours. role, secret, log, data: things whose names begin with
ours."""

CALLS: Mapping[str, Mapping[str, Scope]] = {
    "ec2": {
        "describe_availability_zones": "all",
        "describe_vpcs": "all",
        "describe_subnets": "all",
        "describe_internet_gateways": "all",
        "describe_route_tables": "all",
        "describe_security_groups": "all",
        "describe_nat_gateways": "all",
        "describe_addresses": "all",
        "describe_network_interfaces": "all",
        "create_vpc": "new",
        "create_subnet": "inside",
        "create_internet_gateway": "new",
        "create_route_table": "inside",
        "create_security_group": "inside",
        "create_nat_gateway": "inside",
        "allocate_address": "new",
        "create_tags": "tag",
        "delete_tags": "ours",
        "modify_vpc_attribute": "ours",
        "attach_internet_gateway": "ours",
        "create_route": "ours",
        "replace_route": "ours",
        "associate_route_table": "ours",
        "authorize_security_group_ingress": "ours",
        "detach_internet_gateway": "ours",
        "delete_internet_gateway": "ours",
        "delete_nat_gateway": "ours",
        "release_address": "ours",
        "disassociate_route_table": "ours",
        "delete_route_table": "ours",
        "delete_security_group": "ours",
        "delete_subnet": "ours",
        "delete_vpc": "ours",
    },
    "ecs": {
        "list_services": "all",
        "describe_services": "all",
        "list_tasks": "all",
        "describe_tasks": "all",
        "create_cluster": "new",
        "create_service": "new",
        "register_task_definition": "new",
        "run_task": "new",
        "deregister_task_definition": "all",
        "list_task_definitions": "all",
        "describe_task_definition": "all",
        "tag_resource": "tag",
        "update_service": "ours",
        "delete_service": "ours",
        "stop_task": "ours",
        "delete_cluster": "ours",
    },
    "elbv2": {
        "describe_load_balancers": "all",
        "describe_listeners": "all",
        "describe_rules": "all",
        "describe_target_groups": "all",
        "describe_target_health": "all",
        "describe_tags": "all",
        "create_load_balancer": "new",
        "create_listener": "new",
        "create_rule": "new",
        "create_target_group": "new",
        "add_tags": "tag",
        "modify_load_balancer_attributes": "ours",
        "modify_target_group_attributes": "ours",
        "modify_rule": "ours",
        "set_rule_priorities": "ours",
        "delete_rule": "ours",
        "delete_load_balancer": "ours",
        "delete_target_group": "ours",
    },
    "rds": {
        "describe_db_instances": "all",
        "describe_db_subnet_groups": "all",
        "describe_db_snapshots": "all",
        "create_db_subnet_group": "new",
        "create_db_instance": "new",
        "restore_db_instance_from_db_snapshot": "new",
        "add_tags_to_resource": "data",
        "modify_db_instance": "ours",
        "remove_tags_from_resource": "data",
        "delete_db_instance": "ours",
        "delete_db_subnet_group": "ours",
        "delete_db_snapshot": "ours",
    },
    "elasticache": {
        "describe_replication_groups": "all",
        "describe_cache_subnet_groups": "all",
        "list_tags_for_resource": "all",
        "create_cache_subnet_group": "new",
        "create_replication_group": "new",
        "add_tags_to_resource": "data",
        "modify_replication_group": "ours",
        "increase_replica_count": "ours",
        "decrease_replica_count": "ours",
        "delete_replication_group": "ours",
        "delete_cache_subnet_group": "ours",
    },
    "cloudwatch": {"get_metric_data": "all"},
    "secretsmanager": {
        "list_secrets": "all",
        "create_secret": "secret",
        "put_secret_value": "secret",
        "tag_resource": "secret",
        "delete_secret": "secret",
    },
    "logs": {
        "describe_log_groups": "all",
        "list_tags_for_resource": "log",
        "create_log_group": "log",
        "put_retention_policy": "log",
        "tag_resource": "log",
        "filter_log_events": "log",
        "delete_log_group": "log",
    },
    "iam": {
        "list_roles": "all",
        "list_role_tags": "role",
        "create_role": "role",
        "put_role_policy": "role",
        "tag_role": "role",
        "list_role_policies": "role",
        "delete_role_policy": "role",
        "delete_role": "role",
    },
}
"""Service, as boto3 calls it -> operation -> what it may be made on."""
PREFIXES = {"elbv2": "elasticloadbalancing"}
"""Services that permissions call otherwise than boto3 does."""


def action_of(service: str, operation: str) -> str:
    """The permission of a call: `ec2:CreateVpc`."""
    words = ("DB" if word == "db" else word.capitalize() for word in operation.split("_"))
    return f"{PREFIXES.get(service, service)}:{''.join(words)}"
