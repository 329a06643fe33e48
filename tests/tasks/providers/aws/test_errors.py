"""AWS's words as ours: which a retry may mend, and what a person must do."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.aws.errors import code_of, is_in_use, is_missing, translated

pytestmark = pytest.mark.pure


def answer(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "AWS says so"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateVpc")  # type: ignore[arg-type]


def ours(error: Exception, action: str = "ec2:CreateVpc") -> ProviderError:
    with pytest.raises(ProviderError) as refused, translated(action):
        raise error
    return refused.value


@pytest.mark.parametrize(
    ("error", "transient", "text"),
    [
        (answer("RequestLimitExceeded"), True, "cannot do ec2:CreateVpc now (RequestLimitExceeded)"),
        (answer("Throttling"), True, "cannot do ec2:CreateVpc now"),
        (answer("Whatever", 503), True, "cannot do ec2:CreateVpc now"),
        (answer("DependencyViolation"), True, "cannot do ec2:CreateVpc now"),
        (answer("InsufficientDBInstanceCapacity"), True, "no machine of this class free"),
        (
            answer("VpcLimitExceeded"),
            False,
            "a quota of the account is used up (VpcLimitExceeded): AWS says so. Ask AWS",
        ),
        (answer("ServiceQuotaExceededException"), False, "a quota of the account is used up"),
        (answer("UnauthorizedOperation", 403), False, "AWS does not permit ec2:CreateVpc here. Add it to the policy"),
        (answer("ExpiredToken", 403), False, "takes these credentials no more (ExpiredToken). Log in again"),
        (answer("InvalidParameterValue"), False, "AWS refused ec2:CreateVpc (InvalidParameterValue): AWS says so"),
        (EndpointConnectionError(endpoint_url="https://ec2"), True, "AWS did not answer"),
        (ReadTimeoutError(endpoint_url="https://ec2"), True, "AWS did not answer"),
        (NoCredentialsError(), False, "there are no credentials for AWS. Write them into a profile (aws configure"),
    ],
)
def test_each_error(error: Exception, transient: bool, text: str) -> None:
    raised = ours(error)
    assert isinstance(raised, TransientError) is transient
    assert text in str(raised)


@pytest.mark.parametrize(
    "code", ["InvalidVpcID.NotFound", "NoSuchEntity", "ResourceNotFoundException", "DBInstanceNotFound"]
)
def test_what_is_gone(code: str) -> None:
    assert is_missing(ours(answer(code)))
    assert not is_in_use(ours(answer(code)))


def test_an_error_of_our_own_has_no_word_of_aws() -> None:
    assert code_of(ProviderError("ours")) == ""
    assert not is_missing(ProviderError("ours"))
