"""The manifests that a deploy and a rollback would run. Read from the ledger; nothing is changed."""

from dataclasses import replace

from infra_specs.desired import StackSnapshot, desired_from_spec, with_newest_secrets
from infra_specs.errors import PlanError
from infra_specs.releases.change import with_built_images, with_deploy
from infra_specs.releases.deploy_options import DeployOptions
from infra_specs.releases.manifest import ReleaseManifest, with_absolute_paths
from infra_specs.releases.selection import rollback_candidate
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, Release


def current_manifest(snapshot: StackSnapshot) -> ReleaseManifest:
    """The manifest that a change starts from. Raises PlanError for a stack that is torn down."""
    name, current = snapshot.stack.name, snapshot.current
    if not snapshot.is_active:
        raise PlanError(f"{name} is torn down. Bring it back first: tenfold provision {name}")
    return current.content if current else desired_from_spec(snapshot).content


def deploy_target(snapshot: StackSnapshot, options: DeployOptions, *, file: Stack | None = None) -> ReleaseManifest:
    """The current manifest with changed settings and variables of a service, and with the newest secrets.

    `file`: the spec with freshly built images, if the deploy shall use them.
    Raises PlanError or SpecError for an ambiguous service or an invalid setting.
    """
    manifest = current_manifest(snapshot)
    if file:
        manifest = replace(manifest, services=with_built_images(manifest.services, file, options.service))
    services = manifest.services
    if options.settings or options.env:
        changed = with_deploy(snapshot.stack, manifest, options.service, options.settings, options.env)
        services = with_absolute_paths(changed, snapshot.source)
    return with_newest_secrets(snapshot, services)


def rollback_target(ledger: Ledger, snapshot: StackSnapshot, number: int) -> Release:
    """The release to roll back to: `number`, or with 0 the last proven release with another manifest.

    Raises PlanError for a release that is missing, was never proven, or used secrets that are erased.
    """
    current_manifest(snapshot)
    name, readable = snapshot.stack.name, snapshot.secret_versions
    target = rollback_candidate(name, ledger.releases.all(name), number)
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
