"""The body of a GET from S3, read to its end and checked against what S3 says of the object.

It is checked by its length, and by the object's checksum where botocore can work it out, or else by the MD5 that the
ETag of a simple upload is. The fakes of S3 accept wrong checksums, so the tests bring wrong bodies of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, HTTPClientError, IncompleteReadError, ResponseStreamingError

# botocore works these out itself while it reads, and raises FlexibleChecksumError, which is one of its own
_CHECKED = ("ChecksumSHA256", "ChecksumSHA1", "ChecksumCRC32")
_PIECE = 1 << 20


class CorruptObject(OSError):
    """What came over the wire is not what S3 says the object is."""


BROKEN = (CorruptObject, BotoCoreError, HTTPClientError, IncompleteReadError, ResponseStreamingError, ConnectionError)


def copy_body(answer: Any, write: Callable[[bytes], Any]) -> None:
    """Hand the whole body on in pieces; raises one of `BROKEN` if it ends early or is not the object's."""
    by_md5, digest, size = _etag_is_md5(answer), hashlib.md5(usedforsecurity=False), 0
    while piece := answer["Body"].read(_PIECE):
        write(piece)
        size += len(piece)
        if by_md5:
            digest.update(piece)
    if size != int(answer["ContentLength"]):
        raise CorruptObject(f"{size} bytes came of {answer['ContentLength']}")
    if by_md5 and digest.hexdigest() != _etag(answer):
        raise CorruptObject("the bytes that came are not those of the object's ETag")


def _etag_is_md5(answer: Any) -> bool:
    """Whether the ETag is the MD5 of the body, and no better checksum has been checked already."""
    if any(name in answer for name in _CHECKED) and answer.get("ChecksumType") != "COMPOSITE":
        return False
    plain = answer.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in answer
    return plain and re.fullmatch("[0-9a-f]{32}", _etag(answer)) is not None


def _etag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')
