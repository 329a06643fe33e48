"""What every pattern is told of a stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.resources.resource import Setting
from infra_specs.stackfile.models.stack import Stack


@dataclass(frozen=True, slots=True)
class Context:
    """A stack, and what its file does not say: where it lies, the versions of secrets, ids of images, and code."""

    stack: Stack
    source: str
    """The folder that the spec's relative paths start at."""
    secrets: Mapping[str, int]
    """Secret name -> the version that is meant."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Image name -> its id, as far as it is known."""
    code: Mapping[str, str] = field(default_factory=dict)
    """Service -> the content of the folder that it runs in, where each release has a copy of that."""
    most: Mapping[str, int] = field(default_factory=dict)
    """Service -> the most replicas that it may have."""
    certificates: Mapping[str, HostCertificate] = field(default_factory=dict)
    """Host -> what is known of its certificate, where these are fetched."""
    needs: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    """Need -> what an app reaches it by, part by part."""
    behind: Sequence[int] = ()
    """The ports that the machine's front has in place of the proxy."""
