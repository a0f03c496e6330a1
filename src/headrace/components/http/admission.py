"""Who may call a server: by a token, a password, or a signature of the body."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from headrace.components.http.request import check_header_name
from headrace.connections.http.server import Refusal
from headrace.sdk import Duration, Settings

__all__ = ["Admission", "admit_body", "admit_head", "credentials"]

_REALM = 'realm="headrace"'
_MOST_SIGNATURES = 10

HeaderName = Annotated[str, AfterValidator(check_header_name)]

Secret = Annotated[SecretStr, Field(min_length=1)]
"""An empty one would let everybody in."""


class BearerAdmission(Settings):
    """`Authorization: Bearer …`."""

    type: Literal["bearer"]
    """Wants a token."""
    token: Secret
    """The token."""


class BasicAdmission(Settings):
    """`Authorization: Basic …`."""

    type: Literal["basic"]
    """Wants a user name and a password."""
    username: str
    """The user name."""
    password: Secret
    """The password."""


class HmacAdmission(Settings):
    """A header with a keyed hash of the body."""

    type: Literal["hmac"]
    """Wants a signature of the body, as GitHub, Shopify and Stripe send it."""
    secret: Secret
    """What the body is signed with."""
    header: HeaderName
    """The header of the signature: `X-Hub-Signature-256`, `X-Shopify-Hmac-Sha256`, `Stripe-Signature`."""
    prefix: str = ""
    """What stands before the signature in the header: `sha256=` at GitHub."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written; Shopify writes `base64`."""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    """The hash."""
    timestamped: bool = False
    """Whether the header is `t=…,v1=…`, where `v1` signs the time `t` with the body, as Stripe has it."""
    tolerance: Duration = Field(300.0, gt=0)
    """With `timestamped`: how far that time may be from now."""


Admission: TypeAlias = Annotated[
    BearerAdmission | BasicAdmission | HmacAdmission, Field(discriminator="type")
]


def credentials(auth: Admission | None) -> frozenset[str]:
    """The headers that hold a secret, and therefore go into no message."""
    return frozenset({"authorization"}) if isinstance(auth, BearerAdmission | BasicAdmission) else frozenset()


def admit_head(auth: Admission | None, headers: Mapping[str, str]) -> None:
    """Let a request in by its headers, before its body is read.

    Raises:
        Refusal: 401, with what is asked for.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    match auth:
        case BearerAdmission(token=token):
            if scheme.lower() != "bearer":
                raise _refusal("a bearer token is needed", f"Bearer {_REALM}")
            if not _is_same(given.strip(), token.get_secret_value()):
                raise _refusal("the bearer token is wrong", f'Bearer {_REALM}, error="invalid_token"')
        case BasicAdmission(username=username, password=password):
            wanted = f"{username}:{password.get_secret_value()}"
            if scheme.lower() != "basic" or not _is_same(_decoded(given), wanted):
                message = "a user name and its password are needed"
                raise _refusal(message, f'Basic {_REALM}, charset="UTF-8"')
        case HmacAdmission(header=header):
            if not headers.get(header.lower()):
                raise _unsigned(auth, f"the header {header} with a signature of the body is needed")
        case None:
            pass


def admit_body(auth: Admission | None, headers: Mapping[str, str], body: bytes, now_ns: int) -> None:
    """Let a request in by the signature of its body.

    Raises:
        Refusal: 401; the signature is wrong or too old.
    """
    if not isinstance(auth, HmacAdmission):
        return
    written = headers.get(auth.header.lower(), "")
    if auth.timestamped:
        time, signatures = _timestamped(written)
        if time is None or abs(now_ns / 1e9 - time) > auth.tolerance:
            raise _unsigned(auth, f"the time of the signature is not within {auth.tolerance:g} s of now")
        body = f"{time}.".encode() + body
    else:
        signatures = [written.strip().removeprefix(auth.prefix)] if _begins(written, auth.prefix) else []
    digest = hmac.digest(auth.secret.get_secret_value().encode(), body, auth.algorithm)
    if not any(hmac.compare_digest(digest, _signature(auth, text)) for text in signatures):
        raise _unsigned(auth, "the signature does not fit the body")


def _timestamped(written: str) -> tuple[int | None, list[str]]:
    """Time and signatures of `t=1700000000,v1=…,v1=…`: there are several while a secret is replaced."""
    parts = [part.strip().partition("=") for part in written.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    is_time = len(times) == 1 and times[0].isascii() and times[0].isdecimal() and len(times[0]) < 20
    signatures = [value for name, _, value in parts if name == "v1"]
    return int(times[0]) if is_time else None, signatures[:_MOST_SIGNATURES]


def _begins(written: str, prefix: str) -> bool:
    return written.strip().startswith(prefix)


def _signature(auth: HmacAdmission, text: str) -> bytes:
    """The bytes of a signature; none where it is not written as it should be."""
    try:
        return bytes.fromhex(text) if auth.encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        return ""


def _is_same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing of what is right, not even its length."""
    first, second = (
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, wanted)
    )
    return hmac.compare_digest(first, second)


def _unsigned(auth: HmacAdmission, message: str) -> Refusal:
    return _refusal(message, f'Signature {_REALM}, header="{auth.header}"')


def _refusal(message: str, challenge: str) -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        message,
        headers=(("WWW-Authenticate", challenge),),
        closes=True,
    )
