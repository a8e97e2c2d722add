"""Weights in an S3 bucket, by botocore, which the serving image has. Who may do what is the pod's identity's.

Needs `s3:ListBucket` and `s3:GetObject`, for pushes `s3:PutObject` and `s3:AbortMultipartUpload`.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from meridian_server.stores import CHUNK_BYTES, StoreRefused

PART_BYTES = 128 * 2**20
"""Of a multipart upload, in memory at once; S3 takes at most 10,000 parts, so files up to 1.3 TB."""
GONE = ("404", "NoSuchKey", "NotFound")


class S3:
    """A folder in a bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        import botocore.session

        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/"
        self._client: Any = botocore.session.get_session().create_client("s3")

    def names(self) -> list[str]:
        """Every file, sorted."""
        with self._told("listed"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return sorted(key.removeprefix(self._prefix) for key in keys if not key.endswith("/"))

    def size(self, name: str) -> int:
        """Bytes of a file; raises `FileNotFoundError`."""
        with self._told(name):
            return int(self._client.head_object(**self._object(name))["ContentLength"])

    def read(self, name: str) -> Iterator[bytes]:
        """A file's content in parts; raises `FileNotFoundError`."""
        with self._told(name):
            yield from self._client.get_object(**self._object(name))["Body"].iter_chunks(CHUNK_BYTES)

    def write(self, name: str, content: BinaryIO) -> None:
        """Put a file there: S3 shows it only when it is whole."""
        with self._told(name):
            first = content.read(PART_BYTES)
            if len(first) < PART_BYTES:
                self._client.put_object(**self._object(name), Body=first)
            else:
                self._write_parts(name, first, content)

    def _write_parts(self, name: str, first: bytes, content: BinaryIO) -> None:
        upload = {**self._object(name), "UploadId": ""}
        upload["UploadId"] = self._client.create_multipart_upload(**self._object(name))["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            part = first
            while part:
                number = len(parts) + 1
                tag = self._client.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
                parts.append({"PartNumber": number, "ETag": tag})
                part = content.read(PART_BYTES)
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self._client.abort_multipart_upload(**upload)  # or its parts are kept and paid for
            raise

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What botocore raises, in our own words."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                raise FileNotFoundError(what) from None
            raise self._refused(what, error) from None
        except BotoCoreError as error:
            raise self._refused(what, error) from None

    def _refused(self, what: str, error: Exception) -> StoreRefused:
        message = (
            f"s3://{self._bucket}/{self._prefix}: {what} cannot be had: {error}. Check the bucket's name, that this "
            "pod's identity may read (for a push: write) there, and that the network has a way to S3"
        )
        return StoreRefused(message)
