"""What `deploy` and `rollback` do with a new release before they submit it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_specs.desired import StackSnapshot
    from infra_specs.releases.manifest import ReleaseManifest


def show_new_release(snapshot: "StackSnapshot", manifest: "ReleaseManifest") -> None:
    """Show what the release changes. Raises PlanError for a release over the budget."""
    from deployments.cli.terminal.output import console
    from deployments.cli.views.releases import show_lines
    from infra_specs.desired import desired_with_release
    from infra_specs.pricing.price import refuse_over_budget
    from infra_specs.releases.differences import differences
    from tasks.stack.release import current_manifest

    refuse_over_budget(snapshot.stack.name, desired_with_release(snapshot, manifest).price)
    show_lines(console(), differences(current_manifest(snapshot), manifest))
