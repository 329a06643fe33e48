"""Where each of our prices stands in AWS's public price list: its file, its usage type, and what tells it from others.

Pure: `scripts/renew_aws_prices` fetches the files. The list was out of reach when this was written, so the names are
from memory and were tried on a sample of the list's form alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra_specs.errors import SpecError

PREFIXES = {"us-east-1": "", "eu-west-1": "EU-", "eu-central-1": "EUC1-"}
"""Region -> how usage types of it begin."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One price: the file of a service, the usage type behind the region's prefix, and attributes that must be so.

    `times`: how many of AWS's units are one of ours. `above`: the beginning of the tier that is meant, where the first
    ones are free.
    """

    service: str
    usage: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    above: str = "0"


def _fixed() -> Iterator[tuple[str, Offer]]:
    for name, processor in (("x86_64", ""), ("arm64", "ARM-")):
        yield f"fargate.{name}.vcpu", Offer("AmazonECS", f"Fargate-{processor}vCPU-Hours:perCPU")
        yield f"fargate.{name}.gb", Offer("AmazonECS", f"Fargate-{processor}GB-Hours")
    balancer = {"productFamily": "Load Balancer-Application"}
    yield "alb", Offer("AWSELB", "LoadBalancerUsage", balancer)
    yield "alb.unit", Offer("AWSELB", "LCUUsage", balancer)
    yield "address", Offer("AmazonVPC", "PublicIPv4:InUseAddress")
    yield "nat", Offer("AmazonEC2", "NatGateway-Hours")
    yield "nat.gb", Offer("AmazonEC2", "NatGateway-Bytes")
    yield "transfer.out", Offer("AWSDataTransfer", "DataTransfer-Out-Bytes", above="100")
    yield "secret", Offer("AWSSecretsManager", "AWSSecretsManager-Secrets")
    yield "secret.calls", Offer("AWSSecretsManager", "AWSSecretsManagerAPIRequest", times=10_000)
    yield "logs.in", Offer("AmazonCloudWatch", "DataProcessing-Bytes")
    yield "logs.kept", Offer("AmazonCloudWatch", "TimedStorage-ByteHrs")
    yield "metrics", Offer("AmazonCloudWatch", "CW:GMD-Metrics", times=1000)
    yield "db.storage", Offer("AmazonRDS", "RDS:GP3-Storage", {"databaseEngine": "PostgreSQL"})
    yield "db.storage.two-zones", Offer("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", {"databaseEngine": "PostgreSQL"})
    yield "db.snapshot", Offer("AmazonRDS", "RDS:ChargedBackupUsage", {"databaseEngine": "PostgreSQL"})


_FIXED = dict(_fixed())


def offer_of(key: str) -> Offer:
    """Where the price of a key stands. Raises SpecError for a key that no rule knows."""
    if key in _FIXED:
        return _FIXED[key]
    name = key.removesuffix(".two-zones")
    if key.startswith("db."):
        usage = "InstanceUsage" if name == key else "Multi-AZUsage"
        return Offer("AmazonRDS", f"{usage}:{name}", {"databaseEngine": "PostgreSQL"})
    if key.startswith("cache.") and name == key:
        return Offer("AmazonElastiCache", f"NodeUsage:{key}", {"cacheEngine": "Valkey"})
    raise SpecError(
        f"no place in AWS's price list is known for the key {key}. Add it to infra_specs/pricing/aws/offers.py."
    )


def prices_in(offers: Mapping[str, Any], region: str, keys: Iterable[str]) -> dict[str, Decimal]:
    """The prices of these keys in one service's file of a region, in USD of our units. What is not there is left out.

    Raises SpecError for a key with two prices that differ: then a rule above says too little.
    """
    found: dict[str, Decimal] = {}
    for key in keys:
        offer = offer_of(key)
        amounts = {amount for sku in _products(offers, offer, region) for amount in _amounts(offers, sku, offer)}
        if len(amounts) > 1:
            raise SpecError(
                f"{key} has several prices in AWS's list of {region}: {', '.join(map(str, sorted(amounts)))}."
            )
        if amounts:
            found[key] = (amounts.pop() * offer.times).normalize()
    return found


def _products(offers: Mapping[str, Any], offer: Offer, region: str) -> Iterator[str]:
    usage = f"{PREFIXES[region]}{offer.usage}"
    for sku, product in offers["products"].items():
        told = {"productFamily": product.get("productFamily", ""), **product["attributes"]}
        fits = all(told.get(name) == value for name, value in offer.attributes.items())
        if told.get("usagetype") == usage and fits:
            yield sku


def _amounts(offers: Mapping[str, Any], sku: str, offer: Offer) -> Iterator[Decimal]:
    for term in offers["terms"]["OnDemand"].get(sku, {}).values():
        for dimension in term["priceDimensions"].values():
            if dimension.get("beginRange", "0") == offer.above and "USD" in dimension["pricePerUnit"]:
                yield Decimal(dimension["pricePerUnit"]["USD"])
