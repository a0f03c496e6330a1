"""Hashes, Base64 and UUIDs of text in UTF-8; hashes are lower-case hexadecimal digits."""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections.abc import Callable

from headrace.expr.argument import choice, quoted, text
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.member import canonical
from headrace.expr.signature import Function
from headrace.expr.text import stringify
from headrace.values import Json

__all__ = ["TABLE"]

_ALGORITHMS = ("sha256", "sha512", "sha1", "md5")
_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}
_BLANKS = re.compile(r"\s+")


def _digest(name: str) -> Callable[[Json], Json]:
    def call(value: Json) -> Json:
        if value is None:
            return None
        return hashlib.new(name, text(name, value).encode(), usedforsecurity=False).hexdigest()

    return call


def _hmac(value: Json, key: Json, algorithm: Json = "sha256") -> Json:
    if value is None:
        return None
    name = choice("hmac", algorithm, _ALGORITHMS, 2)
    return hmac.new(text("hmac", key, 1).encode(), text("hmac", value).encode(), name).hexdigest()


def _hash(value: Json) -> Json:
    return hashlib.sha256(stringify(canonical(value)).encode()).hexdigest()


def _b64encode(value: Json) -> Json:
    if value is None:
        return None
    return base64.b64encode(text("b64encode", value).encode()).decode()


def _b64url(value: Json) -> Json:
    if value is None:
        return None
    return base64.urlsafe_b64encode(text("b64url", value).encode()).decode().rstrip("=")


def _b64decode(value: Json) -> Json:
    if value is None:
        return None
    written = text("b64decode", value)
    plain = _BLANKS.sub("", written).translate({0x2D: "+", 0x5F: "/"}).rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure("HR225", f"`b64decode` cannot read {quoted(written)}: not Base64", 0) from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        reason = "the bytes in {operand} are not text in UTF-8"
        raise Failure("HR225", f"`b64decode` cannot give text: {reason}", 0) from error


def _uuid() -> Json:
    return str(uuid.uuid4())


def _uuid5(namespace: Json, name: Json) -> Json:
    if name is None:
        return None
    written = text("uuid5", namespace)
    space = _NAMESPACES.get(written.lower())
    if space is None:
        try:
            space = uuid.UUID(written)
        except ValueError as error:
            listed = ", ".join(f"'{one}'" for one in _NAMESPACES)
            shown = f"`uuid5` takes a UUID or one of {listed}, not {quoted(written)}"
            raise Failure("HR214", shown, 0) from error
    return str(uuid.uuid5(space, text("uuid5", name, 1)))


TABLE: tuple[Function, ...] = (
    function(
        "sha256(text)", "text? → text?", _digest("sha256"), "The SHA-256 hash of a text.",
        'sha256(\'a\') → "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"',
        "sha256(null) → null",
    ),
    function(
        "sha512(text)", "text? → text?", _digest("sha512"), "The SHA-512 hash of a text.",
        "sha512('a').slice(0, 8) → \"1f40fc92\"", "len(sha512('')) → 128",
    ),
    function(
        "sha1(text)", "text? → text?",
        _digest("sha1"), "The SHA-1 hash of a text, for systems that ask for it.",
        "sha1('a') → \"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\"", "sha1(1) → HR224",
    ),
    function(
        "md5(text)", "text? → text?", _digest("md5"), "The MD5 hash of a text, for systems that ask for it.",
        "md5('a') → \"0cc175b9c0f1b6a831c399e269772661\"", "md5(null) → null",
    ),
    function(
        "hmac(text, key, algorithm?)", "text?, text, text → text?",
        _hmac, "The HMAC of a text: sha256 unless sha512, sha1 or md5.",
        'hmac(\'a\', \'k\') → "78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e"',
        "hmac('a', 'k', 'crc') → HR214",
    ),
    function(
        "hash(value)", "any → text",
        _hash, "The SHA-256 of any value's JSON, the same for any order of members.",
        "hash({a: 1, b: 2}) == hash({b: 2, a: 1.0}) → true", "hash([1]) == hash([2]) → false",
    ),
    function(
        "b64encode(text)", "text? → text?", _b64encode, "Base64 of a text.", "b64encode('hé') → \"aMOp\"",
        "b64encode('') → \"\"",
    ),
    function(
        "b64decode(text)", "text? → text?",
        _b64decode, "The text in Base64, of either alphabet, padded or not.",
        "b64decode('aMOp') → \"hé\"", "b64decode('!') → HR225",
    ),
    function(
        "b64url(text)", "text? → text?", _b64url, "Base64 of a text in the alphabet for URLs, unpadded.",
        "b64url('a>?') → \"YT4_\"", "b64url('a') → \"YQ\"",
    ),
    function("uuid()", "→ text", _uuid, "A random UUID.", "len(uuid()) → 36", "uuid() == uuid() → false"),
    function(
        "uuid5(namespace, name)", "any, text? → text|null", _uuid5,
        "The UUID of a name: the namespace is 'dns', 'url', 'oid', 'x500' or a UUID.",
        "uuid5('dns', 'python.org') → \"886313e1-3b8a-5372-9b90-0c9aee199e5d\"", "uuid5('x', 'a') → HR214",
    ),
)  # fmt: skip
