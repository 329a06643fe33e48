"""A store in a bucket of S3, or of anything that speaks its protocol."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, cast

from infra_specs.errors import BackupFault, ProviderError, TransientError
from tasks.base.known_secrets import known_secrets

PART_BYTES = 8 * 2**20
"""Bytes of a part of an upload, and the most that is in memory of it. Later parts of a long upload are larger."""
_PARTS_OF_A_SIZE = 1000
_SECONDS = 30
"""Seconds that the bucket's server may take to answer."""
_REFUSALS = {
    "NoSuchBucket": "there is no bucket {bucket}. Make it, or name another one under `backup: {{to: …}}`",
    "AccessDenied": "these keys may not do that in the bucket {bucket}. Give them the right to read, write and delete",
    "InvalidAccessKeyId": "it does not know the access key. Set the secret again, as ACCESS:SECRET",
    "SignatureDoesNotMatch": "the secret key is not the one of the access key. Set the secret again, as ACCESS:SECRET",
    "ExpiredToken": "the keys have expired. Set the secret again, as ACCESS:SECRET",
}


class S3Store:
    """The objects of a bucket below a prefix."""

    def __init__(self, place: str, keys: str, endpoint: str | None, region: str) -> None:
        """`place`: s3://BUCKET or s3://BUCKET/PREFIX. `keys`: ACCESS:SECRET. Asks nobody.

        Raises ProviderError for keys of another form.
        """
        access, sign, secret = keys.strip().partition(":")
        if not sign or not access or not secret:
            raise ProviderError("The keys of the bucket must be one text, ACCESS:SECRET. Set the secret again.")
        known_secrets.learn("keys of the backups", secret)
        self._place = place
        self._bucket, _, prefix = place.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = _client(access, secret, endpoint, region)

    @contextmanager
    def writing(self, key: str) -> Iterator[BinaryIO]:
        upload = _Upload(self._client, self._bucket, self._prefix + key)
        with self._explained():
            try:
                yield cast("BinaryIO", upload)
                upload.complete()
            except BaseException:
                upload.abort()
                raise

    @contextmanager
    def reading(self, key: str) -> Iterator[BinaryIO]:
        with self._explained(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            with answer["Body"] as body:
                yield body

    def files(self, prefix: str) -> Mapping[str, int]:
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}/"
            )
            sizes = ((item["Key"], int(item["Size"])) for page in pages for item in page.get("Contents", ()))
            files = ((key.removeprefix(self._prefix), size) for key, size in sizes if not key.endswith("/"))
            return dict(sorted(files))

    def remove(self, key: str) -> None:
        with self._explained():
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def sweep(self, prefix: str) -> None:
        with self._explained():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}/"
            )
            for upload in [upload for page in pages for upload in page.get("Uploads", ())]:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        from botocore import exceptions  # noqa: PLC0415

        try:
            yield
        except exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in {"NoSuchKey", "404"} and key:
                raise BackupFault(f"{key} is not in its store") from None
            raise self._refusal(code, error) from None
        except (exceptions.BotoCoreError, exceptions.HTTPClientError, OSError) as error:
            raise TransientError(f"The store {self._place} does not answer: {error}") from None

    def _refusal(self, code: str, error: Exception) -> ProviderError:
        status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500 or code in {"SlowDown", "RequestTimeout"}:
            return TransientError(f"The store {self._place} does not answer: {code}")
        why = _REFUSALS.get("AccessDenied" if code == "403" else code, f"it says {code}").format(bucket=self._bucket)
        return ProviderError(f"The store {self._place} refuses: {why}.")


open_store = S3Store
"""What a store in a bucket is opened with."""


def _client(access: str, secret: str, endpoint: str | None, region: str) -> Any:
    import boto3  # noqa: PLC0415 - half a second that most commands do not need
    from botocore.config import Config  # noqa: PLC0415

    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path" if endpoint else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


class _Upload:
    """An object that is being written: in parts once it is larger than one."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._client, self._names = client, {"Bucket": bucket, "Key": key}
        self._buffer = bytearray()
        self._upload = ""
        self._parts: list[dict[str, Any]] = []

    def write(self, data: Any) -> int:
        self._buffer += data
        while len(self._buffer) >= (size := PART_BYTES * (1 + len(self._parts) // _PARTS_OF_A_SIZE)):
            self._send(bytes(self._buffer[:size]))
            del self._buffer[:size]
        return len(data)

    def flush(self) -> None:
        """A part is sent once it is full."""

    def complete(self) -> None:
        if not self._upload:
            self._client.put_object(**self._names, Body=bytes(self._buffer))
            return
        if self._buffer:
            self._send(bytes(self._buffer))
        self._client.complete_multipart_upload(
            **self._names, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        if self._upload:
            with suppress(Exception):  # `sweep` removes it later
                self._client.abort_multipart_upload(**self._names, UploadId=self._upload)

    def _send(self, data: bytes) -> None:
        if not self._upload:
            self._upload = self._client.create_multipart_upload(**self._names)["UploadId"]
        number = len(self._parts) + 1
        answer = self._client.upload_part(**self._names, UploadId=self._upload, PartNumber=number, Body=data)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
