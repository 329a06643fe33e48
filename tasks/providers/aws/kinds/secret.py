"""The kind `secret` on AWS: the finished text of one variable, in Secrets Manager.

A deleted secret blocks its name for days unless it is deleted without recovery. So names carry the incarnation, and
nothing is recovered: the value is in the ledger.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_missing
from tasks.providers.aws.names import SECRETS, secret_name, token
from tasks.providers.seam.kind import Kind


class Secret(Kind):
    """Its output `version` names the secret and the version of its text, as a task definition takes it."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws = aws

    def list(self, stack: str) -> Iterator[Instance]:
        for secret in self._secrets(f"{SECRETS}{stack}/"):
            if instance := _instance(secret):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        name = secret_name(instance.stack, instance.address, instance.incarnation)
        secret = next((secret for secret in self._secrets(name) if secret["Name"] == name), None)
        return _instance(secret) if secret else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        name = secret_name(resource.stack, resource.address, incarnation)
        written = tags.tags_of(resource, incarnation)
        try:
            self._aws.call(
                "secretsmanager", "create_secret", Name=name, ClientRequestToken=_token(resource), **_text(resource),
                Tags=tags.as_list(written),
            )  # fmt: skip
        except ProviderError as error:
            if code_of(error) != "ResourceExistsException":
                raise
        (instance,) = (_instance(secret) for secret in self._secrets(name) if secret["Name"] == name)
        assert instance is not None
        return instance

    def update(self, instance: Instance, resource: Resource) -> None:
        name = secret_name(instance.stack, instance.address, instance.incarnation)
        self._aws.call(
            "secretsmanager", "put_secret_value", SecretId=name,
            ClientRequestToken=_token(resource, follows=str(instance.outputs["version"])), **_text(resource),
        )  # fmt: skip
        written = tags.as_list(tags.tags_of(resource, instance.incarnation))
        self._aws.call("secretsmanager", "tag_resource", SecretId=name, Tags=written)

    def destroy(self, instance: Instance) -> None:
        name = secret_name(instance.stack, instance.address, instance.incarnation)
        try:
            self._aws.call("secretsmanager", "delete_secret", SecretId=name, ForceDeleteWithoutRecovery=True)
        except ProviderError as error:
            if not is_missing(error):
                raise

    def _secrets(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        filters = [{"Key": "name", "Values": [prefix]}]
        return self._aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters)


def _instance(secret: Mapping[str, Any]) -> Instance | None:
    created = secret.get("CreatedDate")
    health = Health("healthy", "kept", created.timestamp() if created else now())
    versions = secret.get("SecretVersionsToStages", {})
    current = next((version for version, stages in versions.items() if "AWSCURRENT" in stages), "")
    outputs = {"arn": secret["ARN"], "version": f"{secret['ARN']}:::{current}"}
    return tags.instance_of_tags(tags.as_mapping(secret.get("Tags")), health, outputs)


def _token(resource: Resource, *, follows: str = "") -> str:
    """The same for the same text after the same version: a call whose answer was lost makes no second version.

    `follows`: the version that is current. A text that comes back is a new version, for AWS leaves an old one as it is.
    Of texts with references the values count too, and they are in the bindings.
    """
    bindings = sorted(resource.bindings.items())
    return token(resource.stack, resource.address, resource.fingerprint, bindings, follows)


def _text(resource: Resource) -> dict[str, str | bytes]:
    text = resource.settings["text"]
    assert isinstance(text, str | bytes)
    return {"SecretBinary": text} if isinstance(text, bytes) else {"SecretString": text}
