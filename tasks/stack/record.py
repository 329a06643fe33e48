"""What a stack wants now: its spec as last given, and over it what was asked for and deployed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before, job
from infra_specs.errors import PlanError, UnknownStack
from infra_specs.pricing.price import Price, price
from infra_specs.releases.content import Content, changed_services, content, over, placed
from infra_specs.releases.merge import merged, with_secrets
from infra_specs.releases.which import aim
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, Release


@dataclass(frozen=True, slots=True)
class Wish:
    """A stack with everything decided: what it runs, sizes, price, and the resources that shall exist."""

    stack: Stack
    """The spec, with the services as they shall run."""
    source: str
    """The folder that relative paths of the spec start at."""
    content: Content
    """What a release of it holds."""
    sizing: Sizing
    price: Price
    resources: tuple[Resource, ...]


def wish(
    ledger: Ledger,
    stack: Stack,
    source: str,
    counts: Mapping[str, int] | None = None,
    images: Mapping[str, str] | None = None,
) -> Wish:
    """What a provision of this spec makes of the stack: its file over what is deployed. Changes nothing.

    `counts` are replicas by service that are asked for only now, and win over the ledger's; `images` the ids that the
    services' images have now, which win over those of what is deployed.
    Raises PlanError for what cannot be built: a missing secret, more replicas than sense.
    """
    file, runs = replace(as_filed(ledger, stack, source), images=images or {}), deployed(ledger, stack.name)
    release = merged(runs.file, file, runs.content) if runs else content(file.services, file.secrets, file.images)
    return wish_with(ledger, stack, source, release, counts)


def as_filed(ledger: Ledger, stack: Stack, source: str) -> Content:
    """What a spec says now, and which secrets there are."""
    return Content(placed(stack, source), ledger.secret_versions(stack.name))


def wish_as_deployed(ledger: Ledger, stack: Stack, source: str, counts: Mapping[str, int] | None = None) -> Wish:
    """The same as it was deployed last and proven; as the spec says while nothing was. A spec that was provisioned and
    failed changes no service."""
    runs = deployed(ledger, stack.name)
    if runs is None:
        return wish(ledger, stack, source, counts)
    return wish_with(ledger, stack, source, runs.content, counts)


def wish_with(
    ledger: Ledger, stack: Stack, source: str, release: Content, counts: Mapping[str, int] | None = None
) -> Wish:
    """The same with a given release."""
    known = ledger.wanted(stack.name)
    asked = {**(known.overrides if known else {}), **(counts or {})}
    runs = over(stack, release)
    sizing = size(runs)
    secrets = _secrets(ledger, stack.name, release)
    resources = desired_state(runs, sizing, counts=asked, secrets=secrets, source=source, images=release.images)
    return Wish(runs, source, release, sizing, price(runs, sizing, resources), resources)


def with_newest_secrets(ledger: Ledger, stack: Stack, source: str, services: Mapping[str, Service]) -> Content:
    """Services with the versions of their secrets that run, or newer ones that were set since."""
    now, runs = as_filed(ledger, stack, source), deployed(ledger, stack.name)
    return with_secrets(services, runs.file, now, runs.content) if runs else content(services, now.secrets)


def jobs(ledger: Ledger, wished: Wish, release: Release) -> tuple[Resource, ...]:
    """What has to end well before the replicas of this release get traffic: of the services that it changes.

    A rollback runs none: what they did to the data was done when that release was new, and is not taken back.
    """
    if release.verb == "rollback":
        return ()
    runs = next((one for one in ledger.standing_releases(release.stack) if one.state == "proven"), None)
    changed = changed_services(runs.content if runs else None, release.content)
    secrets = _secrets(ledger, release.stack, release.content)
    every = before(
        wished.stack, source=wished.source, secrets=secrets, images=release.content.images, release=release.number
    )
    return tuple(one for one in every if one.settings["service"] in changed)


def one_off(ledger: Ledger, wished: Wish, address: Address, service: str, command: Sequence[str]) -> Resource:
    """A command to be run once as a replica of a service would be, in the release that runs.

    Raises PlanError for a service that there is not.
    """
    stack = wished.stack
    if service not in stack.services:
        raise PlanError(f"{stack.name} has no service `{service}`. It has: {', '.join(stack.services)}.")
    runs, secrets = deployed(ledger, stack.name), _secrets(ledger, stack.name, wished.content)
    number = runs.number if runs else 0
    return job(
        stack, address, service, command,
        source=wished.source, secrets=secrets, images=wished.content.images, release=number,
    )  # fmt: skip


def deployed(ledger: Ledger, stack: str) -> Release | None:
    """The release that shall run: the last one proven, or while none is the newest."""
    return aim(ledger.standing_releases(stack))


def remembered(ledger: Ledger, name: str) -> tuple[Stack, str]:
    """The spec of a stack as the ledger last heard it, and its source folder.

    Raises UnknownStack.
    """
    known = ledger.wanted(name)
    if known is None:
        raise unknown_stack(ledger, name)
    return known.stack(), known.source


def unknown_stack(ledger: Ledger, name: str) -> UnknownStack:
    """The one sentence that says so everywhere, with the stacks that are known and what to do."""
    others = ", ".join(stack.name for stack in ledger.stacks()) or "none yet"
    return UnknownStack(f"No stack is called `{name}`. Known: {others}. Give its file to `tenfold provision` first.")


def still_wanted(ledger: Ledger, name: str) -> bool:
    """False for a stack that is torn down or unknown."""
    known = ledger.wanted(name)
    return known is not None and known.wanted


def _secrets(ledger: Ledger, stack: str, release: Content) -> dict[str, int]:
    """The versions of the release, and of all others the newest: of what we make up, and of what was erased since."""
    kept = ledger.secret_kept(stack)
    newest = {name: versions[-1] for name, versions in kept.items()}
    return newest | {name: one for name, one in release.secrets.items() if one in kept.get(name, ())}
