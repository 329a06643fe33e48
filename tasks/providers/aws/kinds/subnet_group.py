"""The networks that a managed database or cache stands in: a group of subnets, which lives and goes with it."""

from collections.abc import Callable
from dataclasses import dataclass

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import code_of, is_in_use, is_missing
from tasks.providers.aws.names import MOST_INCARNATIONS


@dataclass(frozen=True, slots=True)
class SubnetGroups:
    """The groups of one service of AWS. `prefix` begins the keys of its calls: DB or Cache.

    `name_of` is the name of an incarnation, which its group has too.
    """

    aws: AwsClient
    service: str
    prefix: str
    create: str
    describe: str
    delete: str
    name_of: Callable[[str, str, int], str]

    def make(self, resource: Resource, incarnation: int) -> str:
        """Make the group, or go on with the one that is there; returns its name."""
        name = self.name_of(resource.stack, resource.address, incarnation)
        written = tags.part_tags(resource.stack, resource.address, incarnation, "subnets")
        description = f"{resource.address} of stack {resource.stack}"
        words = {self._key: name, f"{self.prefix}SubnetGroupDescription": description}
        subnets = str(resource.settings["subnets"]).split(",")
        try:
            self.aws.call(self.service, self.create, **words, SubnetIds=subnets, Tags=tags.as_list(written))
        except ProviderError as error:
            if code_of(error).removesuffix("Fault") != f"{self.prefix}SubnetGroupAlreadyExists":
                raise
        return name

    def remove(self, name: str) -> bool:
        """Whether it is gone. It is not while what stands in it is still being removed."""
        try:
            self.aws.call(self.service, self.delete, **{self._key: name})
        except ProviderError as error:
            if is_in_use(error):
                return False
            if not is_missing(error):
                raise
        return True

    def has(self, name: str) -> bool:
        """Whether a group of this name is there."""
        try:
            return bool(self.aws.call(self.service, self.describe, **{self._key: name})[f"{self.prefix}SubnetGroups"])
        except ProviderError as error:
            if is_missing(error):
                return False
            raise

    def sweep(self, stack: str, address: str, stands: Callable[[str], bool]) -> None:
        """Remove the groups of incarnations that a killed run never made."""
        listed = self.aws.pages(self.service, self.describe, f"{self.prefix}SubnetGroups")
        own = {self.name_of(stack, address, number) for number in range(1, MOST_INCARNATIONS)}
        for name in [str(group[self._key]) for group in listed]:
            if name in own and not stands(name):
                self.remove(name)

    @property
    def _key(self) -> str:
        return f"{self.prefix}SubnetGroupName"
