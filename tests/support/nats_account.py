"""A NATS server of an operator: who wants in has a file of credentials, as `nsc` makes it."""

import base64
import hashlib
import json
import os
import time

import nkeys

_UNLIMITED = {
    **dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1),
    "wildcards": True,
}
_JETSTREAM = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


def _pair(prefix):
    seed = nkeys.encode_seed(os.urandom(32), prefix)
    return nkeys.from_seed(bytearray(seed)), seed.decode()


def _token(name, subject, issuer, facts):
    """A JWT of NATS (ADR-14), signed by an account, or an operator."""

    def packed(value):
        data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    claims = {
        "iat": int(time.time()),
        "iss": issuer.public_key.decode(),
        "name": name,
        "sub": subject.public_key.decode(),
        "nats": {**facts, "version": 2},
    }
    digest = hashlib.new("sha512_256", json.dumps(claims).encode()).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{packed({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{packed(claims)}"
    return f"{signed}.{packed(issuer.sign(signed.encode()))}"


def operated():
    """The configuration of a server, and a file of credentials that lets in."""
    operator, _ = _pair(nkeys.PREFIX_BYTE_OPERATOR)
    system, _ = _pair(nkeys.PREFIX_BYTE_ACCOUNT)
    account, _ = _pair(nkeys.PREFIX_BYTE_ACCOUNT)
    user, seed = _pair(nkeys.PREFIX_BYTE_USER)
    accounts = {
        each.public_key.decode(): _token(name, each, operator, {"type": "account", "limits": limits})
        for name, each, limits in (
            ("SYS", system, _UNLIMITED),
            ("APP", account, {**_UNLIMITED, **_JETSTREAM}),
        )
    }
    lines = [f"{key}: {token}" for key, token in accounts.items()]
    config = (
        f"operator: {_token('OP', operator, operator, {'type': 'operator'})}\n"
        f"system_account: {system.public_key.decode()}\nresolver: MEMORY\nresolver_preload {{\n"
        + "\n".join(lines)
        + "\n}\n"
    )
    own = {"type": "user", "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {}}
    credentials = (
        f"-----BEGIN NATS USER JWT-----\n{_token('me', user, account, own)}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
    return config, credentials
