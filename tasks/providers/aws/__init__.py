"""The aws target: managed services through boto3, one module a family.

What is AWS's and not a kind's is in this folder's files: the client, the table of calls, tags, errors. boto3 is loaded
when AWS is first asked.
"""

from pathlib import Path

from infra_specs.stackfile.models.target import Aws
from tasks.providers.aws.provider import AwsProvider

__all__ = ["AwsProvider", "open_target"]


def open_target(target: Aws, home: Path) -> AwsProvider:  # noqa: ARG001
    """Its provider, which asks nothing, not even for credentials, before its first use."""
    return AwsProvider(target)
