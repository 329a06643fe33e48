"""`tenfold aws`: what an account of AWS must permit."""

from typing import Annotated

import typer

from deployments.cli.app import INSTALLATION_PANEL, App, app

Region = Annotated[str, typer.Argument(metavar="REGION", help="The region of your stacks, as eu-central-1.")]

aws = App(
    help="""What a stack on AWS asks of its account.

    Examples:
    tenfold aws policy eu-central-1 > policy.json
    """,
)
app.add_typer(aws, name="aws", rich_help_panel=INSTALLATION_PANEL)


@aws.command("policy")
def print_policy(region: Region) -> None:
    """Print the least that an account must permit, as a policy document.

    Made from the table of all calls to AWS. No account is asked.

    Examples:
    tenfold aws policy eu-central-1 > policy.json
    """
    from deployments.cli.terminal.output import print_json
    from infra_specs.errors import SpecError
    from infra_specs.stackfile.messages.faults import nearest
    from infra_specs.stackfile.models.aws import REGIONS
    from tasks.providers.aws.policy import policy

    if region not in REGIONS:
        raise SpecError(f"AWS has no region {region}.{nearest(region, REGIONS)}")
    print_json(policy(region))
