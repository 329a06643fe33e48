"""The manifests that a deploy and a rollback would run. Read from the ledger; nothing is changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import PlanError
from infra_specs.releases.change import with_built_images, with_deploy
from infra_specs.releases.manifest import ReleaseManifest, with_absolute_paths
from infra_specs.releases.selection import rollback_candidate
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, Release
from tasks.stack.record import current_release, desired_from_spec, is_active, with_newest_secrets


def current_manifest(ledger: Ledger, stack: Stack, source: str) -> ReleaseManifest:
    """The manifest that a change starts from. Raises PlanError for a stack that is torn down."""
    if not is_active(ledger, stack.name):
        raise PlanError(f"{stack.name} is torn down. Bring it back first: tenfold provision {stack.name}")
    release = current_release(ledger, stack.name)
    return release.content if release else desired_from_spec(ledger, stack, source).content


def deploy_target(
    ledger: Ledger,
    stack: Stack,
    source: str,
    service: str,
    *,
    settings: Mapping[str, Any],
    env: Mapping[str, Any],
    file: Stack | None = None,
) -> ReleaseManifest:
    """The current manifest with changed settings and variables of a service, and with the newest secrets.

    `file`: the spec with freshly built images, if the deploy shall use them.
    Raises PlanError or SpecError for an ambiguous service or an invalid setting.
    """
    manifest = current_manifest(ledger, stack, source)
    if file:
        manifest = replace(manifest, services=with_built_images(manifest.services, file, service))
    services = (
        with_absolute_paths(with_deploy(stack, manifest, service, settings, env), source)
        if settings or env
        else manifest.services
    )
    return with_newest_secrets(ledger, stack, source, services)


def rollback_target(ledger: Ledger, stack: Stack, source: str, number: int) -> Release:
    """The release to roll back to: `number`, or with 0 the last proven release with another manifest.

    Raises PlanError for a release that is missing, was never proven, or used secrets that are erased.
    """
    current_manifest(ledger, stack, source)
    target = rollback_candidate(stack.name, ledger.releases(stack.name), number)
    readable = ledger.secret_kept(target.stack)
    if erased := [
        f"{name} v{version}"
        for name, version in target.content.secrets.items()
        if version not in readable.get(name, ())
    ]:
        raise PlanError(
            f"{target} of {target.stack} was given secrets that were erased since: {', '.join(erased)}. Deploy what it "
            "held with the secrets of now instead."
        )
    return target
