"""A network on AWS: made whole, gone on with after a kill at any call, and removed from the leaves."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import translated
from tasks.providers.aws.kinds.network import Network
from tests.tasks.providers.aws.conftest import CountedClient, Killed

pytestmark = [pytest.mark.local, pytest.mark.proof]


def network(nat: str = "none", cidr: str = "10.7.0.0/24") -> Resource:
    return Resource("shop", "network/main", "network", {"cidr": cidr, "zones": 2, "nat": nat}, mutable=("nat",))


def left(aws: AwsClient) -> dict[str, int]:
    """How many of each sort there are that the account did not begin with."""
    lists = {
        "describe_subnets": "Subnets", "describe_internet_gateways": "InternetGateways",
        "describe_route_tables": "RouteTables", "describe_security_groups": "SecurityGroups",
        "describe_vpcs": "Vpcs",
    }  # fmt: skip
    counts = {key: len(list(aws.pages("ec2", operation, key))) for operation, key in lists.items()}
    gateways = aws.pages("ec2", "describe_nat_gateways", "NatGateways")
    counts["NatGateways"] = len([gateway for gateway in gateways if gateway["State"] != "deleted"])
    counts["Addresses"] = len(aws.call("ec2", "describe_addresses")["Addresses"])
    clusters = aws._client("ecs").describe_clusters(clusters=["tenfold-shop"])["clusters"]
    counts["clusters"] = len([cluster for cluster in clusters if cluster["status"] == "ACTIVE"])
    return counts


def destroy(driver: Network, instance: Any) -> None:
    """Called again until nothing is left, as the seam does."""
    for _ in range(20):
        if instance is None:
            return
        left_over = driver.destroy(instance)
        instance = driver.look(left_over) if left_over else None
    raise AssertionError(f"{instance} never goes")


@pytest.mark.parametrize(("nat", "subnets", "gateways"), [("none", 4, 0), ("one", 6, 1), ("each zone", 6, 2)])
def test_its_parts(aws: AwsClient, nat: str, subnets: int, gateways: int) -> None:
    before, driver = left(aws), Network(aws)
    made = driver.create(network(nat), 1)
    assert made.health.state == "healthy", made.health
    assert made.fingerprint == network(nat).fingerprint
    counts = left(aws)
    assert counts["Subnets"] - before["Subnets"] == subnets
    assert counts["NatGateways"] == counts["Addresses"] == gateways
    assert len({*made.outputs["balancer_subnets"].split(","), *made.outputs["task_subnets"].split(",")}) == (
        4 if gateways else 2
    )
    assert driver.create(network(nat), 1).outputs == made.outputs
    assert left(aws) == counts
    assert [instance.outputs for instance in driver.list("shop")] == [made.outputs]
    assert list(driver.list("other")) == []
    destroy(driver, made)
    assert left(aws) == before


def test_a_gateway_is_added_in_place(aws: AwsClient) -> None:
    driver = Network(aws)
    made = driver.create(network(), 1)
    driver.update(made, network("one"))
    changed = driver.look(made)
    assert changed is not None
    assert changed.fingerprint == network("one").fingerprint
    assert changed.health.state == "healthy", changed.health
    assert changed.outputs["vpc"] == made.outputs["vpc"]
    assert changed.outputs["task_subnets"] != made.outputs["task_subnets"]


def test_two_incarnations_stand_side_by_side_and_the_cluster_goes_with_the_last(aws: AwsClient) -> None:
    before, driver = left(aws), Network(aws)
    first, second = driver.create(network(), 1), driver.create(network(cidr="10.8.0.0/24"), 2)
    destroy(driver, first)
    looked = driver.look(second)
    assert looked is not None
    assert looked.health.state == "healthy", looked.health
    destroy(driver, second)
    assert left(aws) == before


def test_a_lost_answer_leaves_no_second_vpc(aws: AwsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """As botocore does it: the first answer was cut, and the same is sent again."""
    before, call = left(aws), aws.call

    def twice(service: str, operation: str, **parameters: Any) -> Any:
        if operation in ("create_vpc", "create_internet_gateway", "create_route_table", "allocate_address"):
            call(service, operation, **parameters)
        return call(service, operation, **parameters)

    monkeypatch.setattr(aws, "call", twice)
    driver = Network(aws)
    driver.create(network("one"), 1)
    monkeypatch.undo()
    (made,) = driver.list("shop")
    finished = driver.create(network("one"), 1)
    assert finished.outputs == made.outputs
    counts = left(aws)
    assert (counts["Vpcs"] - before["Vpcs"], counts["InternetGateways"] - before["InternetGateways"]) == (1, 1)
    assert counts["Addresses"] == 1
    destroy(driver, finished)
    assert left(aws) == before


def test_a_stranger_in_it_is_named_and_the_rest_goes_once_it_is_gone(
    aws: AwsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, driver = left(aws), Network(aws)
    made = driver.create(network(), 1)
    client = aws._client("ec2")  # what a person does beside us
    subnet = made.outputs["task_subnets"].split(",")[0]
    stranger = client.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    call = aws.call

    def refused(service: str, operation: str, **parameters: Any) -> Any:
        """moto lets a subnet go that something is in; AWS refuses it in these words."""
        if operation == "delete_subnet" and parameters["SubnetId"] == subnet:
            with translated("ec2:DeleteSubnet"):
                raise ClientError(
                    {"Error": {"Code": "DependencyViolation", "Message": "has dependencies"}}, "DeleteSubnet"
                )
        return call(service, operation, **parameters)

    monkeypatch.setattr(aws, "call", refused)
    with pytest.raises(ProviderError, match=rf"holds what Tenfold did not make: {stranger}"):
        destroy(driver, made)
    monkeypatch.undo()
    client.delete_network_interface(NetworkInterfaceId=stranger)
    again = driver.look(made)
    assert again is not None
    destroy(driver, again)
    assert left(aws) == before


def killed_at(point: int, aws: CountedClient, making: int) -> None:
    """Made and removed by a process that ends after this call; then by another one, to the same end."""
    driver = Network(CountedClient(end_after=point))
    with suppress(Killed):
        destroy(driver, driver.create(network("one"), 1))
    after = Network(aws)
    if point <= making:
        assert after.create(network("one"), 1).health.state == "healthy"
        (made,) = after.list("shop")
        assert made.fingerprint == network("one").fingerprint
    for instance in list(after.list("shop")):
        destroy(after, instance)


def test_killed_after_some_calls_it_ends_as_one_and_leaves_nothing(endpoint: str) -> None:
    """All points: `python -m benchmarks.aws_kills`."""
    aws = CountedClient()
    before, whole = left(aws), CountedClient()
    made = Network(whole).create(network("one"), 1)
    making = len(whole.calls)
    destroy(Network(whole), made)
    assert left(aws) == before
    for point in Random(17).sample(range(1, len(whole.calls) + 1), 6):
        killed_at(point, aws, making)
        assert left(aws) == before, whole.calls[point - 1]


def test_gateways_go_once_no_task_is_behind_them(aws: CountedClient) -> None:
    before, driver, client = left(aws), Network(aws), aws._client("ec2")
    made = driver.create(network("each zone"), 1)
    subnet = made.outputs["task_subnets"].split(",")[0]
    task = client.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    driver.update(made, network("none"))
    changed = driver.look(made)
    assert changed is not None
    assert (changed.health.state, changed.fingerprint) == ("healthy", network("none").fingerprint)
    assert changed.outputs["task_subnets"] == changed.outputs["balancer_subnets"]
    driver.sweep("shop")
    assert left(aws)["NatGateways"] == 2, "a task is still behind them"

    client.delete_network_interface(NetworkInterfaceId=task)
    for _ in range(3):
        driver.sweep("shop")
    counts = left(aws)
    assert (counts["NatGateways"], counts["Addresses"], counts["Subnets"] - before["Subnets"]) == (0, 0, 4)
    aws.calls.clear()
    driver.sweep("shop")
    assert aws.calls == ["ec2.describe_vpcs"]
    destroy(driver, changed)
    assert left(aws) == before


def test_each_zone_is_led_to_the_gateway_that_it_shall_have(aws: CountedClient) -> None:
    driver, client = Network(aws), aws._client("ec2")
    made = driver.create(network("each zone"), 1)

    def ways() -> list[str]:
        routes = [route for table in client.describe_route_tables()["RouteTables"] for route in table["Routes"]]
        return [route["NatGatewayId"] for route in routes if route.get("NatGatewayId")]

    assert len(set(ways())) == 2
    driver.update(made, network("one"))
    changed = driver.look(made)
    assert changed is not None
    assert changed.health.state == "healthy", changed.health
    assert (len(ways()), len(set(ways()))) == (2, 1)
    for _ in range(3):
        driver.sweep("shop")
    assert (left(aws)["NatGateways"], left(aws)["Addresses"]) == (1, 1)
    driver.update(changed, network("each zone"))
    assert len(set(ways())) == 2
