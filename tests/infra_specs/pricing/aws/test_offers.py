"""Prices out of AWS's price list, in the form in which it is published. The sample is written by hand: the list was out
of reach."""

from decimal import Decimal
from typing import Any

import pytest

from infra_specs.errors import SpecError
from infra_specs.pricing.aws.offers import PREFIXES, offer_of, prices_in
from infra_specs.pricing.aws.prices import price_list

pytestmark = pytest.mark.pure


def product(usage: str, *tiers: tuple[str, str], family: str = "", **attributes: str) -> tuple[Any, Any]:
    dimensions = {
        f"sku.term.{begin}": {"unit": "Hrs", "beginRange": begin, "endRange": "Inf", "pricePerUnit": {"USD": price}}
        for begin, price in tiers
    }
    return {"productFamily": family, "attributes": {"usagetype": usage, **attributes}}, {
        "sku.term": {"offerTermCode": "JRTCKXETXF", "priceDimensions": dimensions}
    }


def offers(*products: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "formatVersion": "v1.0",
        "products": {f"SKU{number}": told for number, (told, _) in enumerate(products)},
        "terms": {"OnDemand": {f"SKU{number}": terms for number, (_, terms) in enumerate(products)}},
    }


def test_a_price_is_that_of_its_usage_in_the_region() -> None:
    listed = offers(
        product("EUC1-Fargate-vCPU-Hours:perCPU", ("0", "0.0465600000")),
        product("EU-Fargate-vCPU-Hours:perCPU", ("0", "0.0404800000")),
        product("EUC1-Fargate-ARM-vCPU-Hours:perCPU", ("0", "0.0372500000")),
    )
    keys = ("fargate.x86_64.vcpu", "fargate.arm64.vcpu", "fargate.x86_64.gb")
    assert prices_in(listed, "eu-central-1", keys) == {
        "fargate.x86_64.vcpu": Decimal("0.04656"),
        "fargate.arm64.vcpu": Decimal("0.03725"),
    }


def test_attributes_tell_one_from_another() -> None:
    listed = offers(
        product("EUC1-InstanceUsage:db.t4g.micro", ("0", "0.017"), databaseEngine="MySQL"),
        product("EUC1-InstanceUsage:db.t4g.micro", ("0", "0.018"), databaseEngine="PostgreSQL"),
        product("EUC1-Multi-AZUsage:db.t4g.micro", ("0", "0.036"), databaseEngine="PostgreSQL"),
        product("EUC1-LoadBalancerUsage", ("0", "0.027"), family="Load Balancer-Application"),
        product("EUC1-LoadBalancerUsage", ("0", "0.030"), family="Load Balancer-Gateway"),
    )
    assert prices_in(listed, "eu-central-1", ("db.t4g.micro", "db.t4g.micro.two-zones", "alb")) == {
        "db.t4g.micro": Decimal("0.018"),
        "db.t4g.micro.two-zones": Decimal("0.036"),
        "alb": Decimal("0.027"),
    }


def test_units_are_ours_and_a_free_tier_is_not_the_price() -> None:
    listed = offers(
        product("AWSSecretsManagerAPIRequest", ("0", "0.0000050000")),
        product("DataTransfer-Out-Bytes", ("0", "0.0000000000"), ("100", "0.0900000000")),
    )
    assert prices_in(listed, "us-east-1", ("secret.calls", "transfer.out")) == {
        "secret.calls": Decimal("0.05"),
        "transfer.out": Decimal("0.09"),
    }


def test_two_prices_for_one_key_are_refused() -> None:
    listed = offers(product("NatGateway-Hours", ("0", "0.045")), product("NatGateway-Hours", ("0", "0.059")))
    with pytest.raises(SpecError, match=r"nat has several prices in AWS's list of us-east-1: 0\.045, 0\.059"):
        prices_in(listed, "us-east-1", ("nat",))


def test_every_price_has_its_place_in_the_list() -> None:
    for key in price_list().entries:
        assert offer_of(key).service
    assert tuple(PREFIXES) == price_list().regions


@pytest.mark.parametrize("key", ["stream", "cache.t4g.micro.two-zones"])
def test_a_key_that_nobody_knows_is_refused(key: str) -> None:
    with pytest.raises(SpecError, match=f"no place in AWS's price list is known for the key {key}"):
        offer_of(key)
