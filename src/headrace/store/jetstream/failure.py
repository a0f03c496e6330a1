"""What people read of an error of the client of NATS, and whether waiting may help."""

import asyncio
import ssl
from http import HTTPStatus

import nats.errors
import nats.js.errors

from headrace.errors import StoreError
from headrace.store.jetstream.place import Place

__all__ = ["ERRORS", "HAS_NO_JETSTREAM", "cure_of", "failure_of", "is_away"]

ERRORS = (nats.errors.Error, OSError, asyncio.TimeoutError, RuntimeError)
"""What the client raises when NATS is away, or refuses; uvloop's of a lost socket is a RuntimeError."""

HAS_NO_JETSTREAM = frozenset({10039, 10076})
"""What a server without it says, and one that has it for other accounts."""
_ALONE = 10074
"""Of a server that is in no cluster: it cannot keep several replicas."""
_TOO_FEW = 10005
"""No suitable peers: the cluster has too few servers with JetStream, or with room."""
_FULL_TEXTS = ("insufficient", "maximum bytes", "resource limits exceeded", "no space left")


def failure_of(error: Exception, place: Place) -> StoreError:
    """What people read of an error of the client."""
    return StoreError(_text(error, place), code="HR403")


def _text(error: Exception, place: Place) -> str:
    if isinstance(error, nats.errors.AuthorizationError):
        return _refused(place)
    if isinstance(error, nats.js.errors.ServiceUnavailableError):
        return (
            f"JetStream at {place.shown} does not answer: start NATS with `--jetstream`; of a cluster more "
            "than half of the servers have to be there"
        )
    if isinstance(error, nats.js.errors.APIError):
        return _api_text(error, place)
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"NATS at {place.shown} has a certificate that this machine does not trust "
            f"({error.verify_message}); the environment variable SSL_CERT_FILE names the authorities, as PEM"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS with NATS at {place.shown} fails: {error.reason or error}"
    if isinstance(error, (nats.errors.NoServersError, asyncio.TimeoutError, OSError)):
        why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        return f"NATS at {place.shown} does not answer{why}; does it run, and does this machine reach it?"
    return f"NATS at {place.shown} failed: {error}"


def _api_text(error: nats.js.errors.APIError, place: Place) -> str:
    if error.err_code in HAS_NO_JETSTREAM:
        return f"NATS at {place.shown} has no JetStream, or not for us; start it with `--jetstream`"
    told = error.description or f"error {error.err_code}"
    if error.err_code in (_ALONE, _TOO_FEW):
        return (
            f"NATS at {place.shown} cannot keep {place.replicas} replicas ({told}): it takes a cluster of as "
            "many servers with JetStream, all of them there when the store is made"
        )
    return f"JetStream at {place.shown} refuses: {told}{cure_of(told)}"


def cure_of(told: str) -> str:
    """What helps where JetStream has no room for what is to be kept; empty for other refusals."""
    if not any(text in told.lower() for text in _FULL_TEXTS):
        return ""
    return (
        "; it has no room left: raise `max_file_store` or the account's limits, free some of its disk, or "
        "remember less with `--keep`"
    )


def _refused(place: Place) -> str:
    if place.credentials is not None:
        return f"NATS at {place.shown} refuses the credentials of {place.credentials}"
    if place.password is not None:
        return f"NATS at {place.shown} refuses user and password"
    if place.token is not None:
        return f"NATS at {place.shown} refuses the token"
    return (
        f"NATS at {place.shown} wants to know who we are: `nats://user:password@…`, `nats://token@…` or "
        "`?credentials=FILE`; HEADRACE_STORE keeps that out of the list of processes"
    )


def is_away(error: Exception) -> bool:
    """Whether an error is of a server that may come back."""
    if isinstance(error, nats.js.errors.ServiceUnavailableError):
        return True
    if isinstance(error, nats.js.errors.APIError):
        return (error.code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR and error.err_code != _ALONE
    if isinstance(error, RuntimeError):
        return "closed" in str(error)
    return not isinstance(error, (nats.errors.AuthorizationError, nats.js.errors.KeyValueError))
