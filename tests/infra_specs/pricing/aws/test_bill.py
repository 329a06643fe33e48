"""Bills of whole stacks on AWS, against tables that were computed by hand from the price list, to the cent."""

from dataclasses import replace

import pytest

from infra_specs.pricing.aws.bill import Bill, bill
from infra_specs.pricing.aws.prices import SOURCES, price_list
from infra_specs.pricing.price import price, replica_price
from infra_specs.pricing.state import priced_state
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from tests.infra_specs.pricing.aws.on_aws import WEB, on_aws

pytestmark = pytest.mark.pure

SMALLEST = on_aws("us-east-1", target={"recipe": "cheap"}, services={"web": {**WEB, "replicas": 1}})
WITH_DATABASE = on_aws(
    target={"recipe": "balanced"},
    services={
        "web": {**WEB, "replicas": 2, "memory": "1GB", "cpus": 0.5, "env": {"STRIPE": {"secret": "stripe"}}},
    },
    needs={"database": {"engine": "postgres", "memory": "2GB", "storage": "50GB"}},
)
BUSY = on_aws(
    "eu-west-1",
    target={"recipe": "resilient"},
    services={"web": {**WEB, "replicas": 3}, "work": {"image": "shop:1"}},
    needs={
        "database": {"engine": "postgres", "memory": "4GB", "storage": "100GB"},
        "cache": {"engine": "valkey", "memory": "1GB"},
    },
    users={"monthly": 100_000},
)
WORKERS = on_aws(
    target={"recipe": "cheap"},
    services={"work": {"image": "shop:1", "replicas": 5, "cpus": 2, "memory": "4GB"}},
)
WITHIN = on_aws(
    "us-east-1",
    target={"recipe": "balanced", "price_per_replica": 12.5},
    services={"web": {"image": "shop:1", "port": 80, "replicas": 1}},
    needs={"cache": "valkey"},
)
BALANCER = [("alb.unit", 0.03), ("address", 7.30)]
"""160 000 requests x 20 kB = 3.2 LCU-h x 0.008; 2 addresses x 730 h x 0.005."""
CASES: list[tuple[str, Stack, list[tuple[str, float]], float]] = [
    (
        "the smallest: one task of 0.25 vCPU and 0.5 GB on Graviton, with a public address",
        SMALLEST,
        [
            ("logs.in", 0.13),  # (160 000 x 1 kB + 0.1 GB) x 0.50
            ("logs.kept", 0.00),  # 0.26 GB x 7/30 x 0.03
            ("alb", 16.43),  # 730 x 0.0225 = 16.425
            *BALANCER,
            ("fargate.arm64.vcpu", 5.91),  # 0.25 x 730 x 0.03238
            ("fargate.arm64.gb", 1.30),  # 0.5 x 730 x 0.00356
            ("address", 3.65),  # 730 x 0.005
            ("metrics", 1.31),  # 3 x 60 x 730 / 1000 x 0.01
        ],
        36.06,
    ),
    (
        "balanced: two tasks of 0.5 vCPU and 1 GB behind a NAT gateway, a database, a secret",
        WITH_DATABASE,
        [
            ("nat", 37.96),  # 730 x 0.052
            ("address", 3.65),
            ("nat.gb", 0.10),  # 2 x 0.052
            ("logs.in", 0.23),  # 0.36 GB x 0.63
            ("logs.kept", 0.01),  # 0.36 GB x 30/30 x 0.0324
            ("db.t4g.small", 27.01),  # 730 x 0.037
            ("db.storage", 6.85),  # 50 x 0.137
            ("alb", 19.71),  # 730 x 0.027
            *BALANCER,
            ("secret", 0.80),  # DATABASE_URL and STRIPE
            ("secret.calls", 0.00),  # 200 / 10 000 x 0.05
            ("fargate.x86_64.vcpu", 33.99),  # 0.5 x 2 x 730 x 0.04656
            ("fargate.x86_64.gb", 7.46),  # 1 x 2 x 730 x 0.00511
            ("metrics", 1.31),
        ],
        146.41,
    ),
    (
        "resilient and busy: 16 million requests, 320 GB",
        BUSY,
        [
            ("nat", 70.08),  # 2 x 730 x 0.048
            ("address", 7.30),  # 2 x 730 x 0.005
            ("nat.gb", 0.19),  # 4 x 0.048
            ("logs.in", 9.35),  # (16 + 0.4) x 0.57
            ("logs.kept", 1.48),  # 16.4 x 90/30 x 0.03
            ("db.t4g.medium.two-zones", 102.20),  # 730 x 0.14
            ("db.storage.two-zones", 25.40),  # 100 x 0.254
            ("cache.t4g.small", 39.71),  # 2 x 730 x 0.0272
            ("alb", 18.40),  # 730 x 0.0252
            ("alb.unit", 2.56),  # 320 x 0.008
            ("address", 7.30),
            ("transfer.out", 19.80),  # 220 x 0.09
            ("secret", 1.60),  # two URLs for each of two services
            ("secret.calls", 0.00),
            ("fargate.x86_64.vcpu", 22.16),  # 0.25 x 3 x 730 x 0.04048
            ("fargate.x86_64.gb", 4.87),  # 0.5 x 3 x 730 x 0.004445
            ("metrics", 1.31),
            ("fargate.x86_64.vcpu", 7.39),
            ("fargate.x86_64.gb", 1.62),
        ],
        342.72,
    ),
    (
        "workers alone: no balancer, no requests, nothing measured",
        WORKERS,
        [
            ("logs.in", 0.32),  # 0.5 GB x 0.63 = 0.315
            ("logs.kept", 0.00),
            ("fargate.arm64.vcpu", 271.93),  # 2 x 5 x 730 x 0.03725
            ("fargate.arm64.gb", 59.71),  # 4 x 5 x 730 x 0.00409
            ("address", 18.25),  # 5 x 730 x 0.005
        ],
        350.21,
    ),
    (
        "within its network only, a cache, and a price of the user's own for a task",
        WITHIN,
        [
            ("nat", 32.85),  # 730 x 0.045
            ("address", 3.65),
            ("nat.gb", 0.05),  # 0.045
            ("logs.in", 0.13),
            ("logs.kept", 0.01),  # 0.26 x 0.03
            ("cache.t4g.micro", 9.34),  # 730 x 0.0128
            ("alb", 16.43),
            ("alb.unit", 0.03),
            ("secret", 0.40),
            ("secret.calls", 0.00),
            ("target.price_per_replica", 12.50),
            ("metrics", 1.31),
        ],
        76.70,
    ),
]


def bill_of(stack: Stack) -> Bill:
    return bill(stack, priced_state(stack, size(stack), {}))


@pytest.mark.parametrize(("stack", "lines", "total"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_bill_is_as_computed_by_hand(stack: Stack, lines: list[tuple[str, float]], total: float) -> None:
    made = bill_of(stack)
    assert [(line.key, line.amount) for line in made.lines] == lines
    assert made.total == total


@pytest.mark.parametrize("stack", [SMALLEST, BUSY, WITHIN])
def test_the_price_of_a_stack_is_its_bill(stack: Stack) -> None:
    sizing = size(stack)
    whole = price(stack, sizing, priced_state(stack, sizing, {}))
    assert whole.today == bill_of(stack).total
    assert whole.bill == bill_of(stack).lines
    assert sum(line.total or 0 for line in whole.lines) == pytest.approx(whole.today)


def test_a_kind_that_nobody_knows_makes_the_total_unknown() -> None:
    resources = (*priced_state(SMALLEST, size(SMALLEST), {}), Resource("shop", "stream/main", "stream"))
    made = bill(SMALLEST, resources)
    assert made.lines[-1].amount is None
    assert made.total is None


def test_in_a_region_without_prices_everything_is_unknown_and_nothing_is_free() -> None:
    made = bill_of(on_aws("ca-central-1"))
    assert {line.amount for line in made.lines} == {None}
    assert made.total is None
    assert "ca-central-1, of which this version knows no prices" in made.source


def test_a_price_without_a_number_for_one_region_is_unknown_there_alone() -> None:
    book = price_list()
    without = {key: value for key, value in book.entries.items() if key != "alb"}
    made = bill(SMALLEST, priced_state(SMALLEST, size(SMALLEST), {}), replace(book, entries=without))
    assert [line.key for line in made.lines if line.amount is None] == ["alb"]
    assert made.total is None


def test_every_price_is_of_all_regions_and_says_where_it_is_from() -> None:
    book = price_list()
    for key, entry in book.entries.items():
        assert {*book.regions, "unit", "from"} == entry.keys(), key
        assert entry["from"] in SOURCES, key
        assert all(entry[region] > 0 for region in book.regions), key


def test_one_task_more_costs_its_cores_its_memory_and_its_address() -> None:
    assert replica_price(SMALLEST, "web") == pytest.approx(5.91 + 1.30 + 3.65)
    assert replica_price(WITHIN, "web") == 12.5
