"""AWS's errors as ours: what a retry may mend, what a person must do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra_specs.errors import NoCredentials, ProviderError, TransientError

_BUSY = frozenset({
    "RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
    "SlowDown", "ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalError",
    "InternalServerError", "ServerException", "RequestTimeout", "DependencyViolation", "ResourceInUse",
    "ResourceInUseException", "OperationNotPermitted", "InvalidDBInstanceState", "InvalidDBInstanceStateFault",
    "InvalidReplicationGroupState", "InvalidReplicationGroupStateFault", "ConflictException",
    "ConcurrentModification", "ClusterContainsServicesException", "ClusterContainsTasksException",
})  # fmt: skip
"""Others work on it now, or AWS is too busy."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"})
"""The last is what is left of a refusal whose words the SDK cannot read."""
_EXPIRED = frozenset({
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId",
})  # fmt: skip
_NO_CAPACITY = frozenset({
    "InsufficientInstanceCapacity", "InsufficientDBInstanceCapacity", "InsufficientCacheClusterCapacity",
    "InsufficientReplicationGroupCapacity",
})  # fmt: skip


@contextmanager
def translated(action: str = "") -> Iterator[None]:
    """A block out of which AWS's refusals come as ProviderError, and its silence as TransientError.

    `action` is the permission that the call in it needs, as ec2:CreateVpc.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
    )
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _refusal(error, action) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise NoCredentials(
            "there are no credentials for AWS. Write them into a profile (aws configure, or aws sso login), and name "
            "it as `profile` in the target if it is not the default. Verbs that change take no keys from variables, "
            "for the control plane keeps none."
        ) from error
    except ProfileNotFound as error:
        raise ProviderError(f"{error}. Name another `profile` in the target, or make this one.") from error
    except (ConnectionError, HTTPClientError, ResponseParserError) as error:
        raise TransientError(f"AWS did not answer: {error}") from error
    except BotoCoreError as error:
        raise ProviderError(f"AWS cannot be asked: {error}") from error


def code_of(error: BaseException) -> str:
    """AWS's own word for an error of ours; empty for one that it did not answer with."""
    response: Any = getattr(error.__cause__, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) and "Error" in response else ""


def is_missing(error: BaseException) -> bool:
    """Whether AWS says that there is no such thing."""
    code = code_of(error)
    return "NotFound" in code or code in ("NoSuchEntity", "ClusterNotFoundException", "InvalidParameterValueNotFound")


def is_in_use(error: BaseException) -> bool:
    """Whether something else still needs it, which goes by itself or is foreign."""
    return code_of(error) in ("DependencyViolation", "ResourceInUse", "InvalidGroup.InUse", "InUse",
                              "ClusterContainsServicesException", "InvalidDBSubnetGroupStateFault",
                              "CacheSubnetGroupInUse", "DeleteConflict")  # fmt: skip


def _refusal(error: Any, action: str) -> ProviderError:
    code = str(error.response["Error"].get("Code", ""))
    text = str(error.response["Error"].get("Message", "")).strip() or code
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    asked = action or str(error.operation_name)
    if code in _NO_CAPACITY:
        return TransientError(f"AWS has no machine of this class free in the zone now: {text}")
    if code in _BUSY or status >= 500:
        return TransientError(f"AWS cannot do {asked} now ({code}): {text}")
    return ProviderError(_for_a_person(code, text, asked))


def _for_a_person(code: str, text: str, asked: str) -> str:
    if code in _DENIED:
        return (
            f"AWS does not permit {asked} here. Add it to the policy (tenfold aws policy prints all of it), and run it "
            "again: it goes on from there."
        )
    if code in _EXPIRED:
        return f"AWS takes these credentials no more ({code}). Log in again, and run it again."
    if "LimitExceeded" in code or "Quota" in code:
        return f"a quota of the account is used up ({code}): {text}. Ask AWS to raise it, or free some."
    return f"AWS refused {asked} ({code}): {text}"
