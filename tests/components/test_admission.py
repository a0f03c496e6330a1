"""Who may call a server: tokens, passwords, signatures. GitHub's, Shopify's and Stripe's ways of signing."""

import base64
import hashlib
import hmac

import pytest
from pydantic import TypeAdapter, ValidationError

from headrace.components.http.admission import Admission, admit_body, admit_head, credentials
from headrace.connections.http.server import Refusal
from headrace.sdk.settings import describe_errors

NOW_NS = 1_700_000_000 * 10**9
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
GITHUB = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""docs.github.com, Validating webhook deliveries, "Testing the webhook payload validation"."""


def auth(**settings):
    return TypeAdapter(Admission).validate_python(settings)


def is_admitted(admission, headers, body=b""):
    try:
        admit_head(admission, headers)
        admit_body(admission, headers, body, NOW_NS)
    except Refusal as refusal:
        reply = refusal.reply
    else:
        return True
    assert (reply.status, reply.closes) == (401, True)
    assert dict(reply.headers)["WWW-Authenticate"]
    return False


def digest(body, secret=SECRET, algorithm="sha256"):
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def test_without_auth_everybody_may_call():
    assert is_admitted(None, {})


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        ("Bearer tökén", True),
        ("bearer  tökén ", True),
        ("Bearer token", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Basic tökén", False),
        ("tökén", False),
        ("Bearer tökén x", False),
        ("", False),
    ],
)
def test_a_bearer_token(header, admitted):
    assert is_admitted(auth(type="bearer", token="tökén"), {"authorization": header}) is admitted


@pytest.mark.parametrize(
    ("pair", "admitted"),
    [("ann:pass:word", True), ("ann:pass", False), ("bob:pass:word", False), ("ann", False), ("", False)],
)
def test_a_user_name_and_a_password(pair, admitted):
    header = f"Basic {base64.b64encode(pair.encode()).decode()}"
    admission = auth(type="basic", username="ann", password="pass:word")
    assert is_admitted(admission, {"authorization": header}) is admitted


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic /////w==", "Bearer YW5uOnB3", "Basic YW5u OnB3"]
)
def test_what_is_no_user_name_and_password(header):
    assert not is_admitted(auth(type="basic", username="ann", password="pw"), {"authorization": header})


@pytest.mark.parametrize(
    ("signature", "admitted"),
    [
        (f"sha256={GITHUB}", True),
        (f" sha256={GITHUB.upper()} ", True),
        (GITHUB, False),
        (f"sha1={GITHUB}", False),
        (f"sha256={GITHUB[:-1]}0", False),
        (f"sha256={GITHUB[:-2]}", False),
        ("sha256=", False),
        ("sha256=zz", False),
        ("sha256=ü", False),
        ("", False),
    ],
)
def test_a_signature_as_github_sends_it(signature, admitted):
    admission = auth(type="hmac", secret=SECRET, header="X-Hub-Signature-256", prefix="sha256=")
    assert is_admitted(admission, {"x-hub-signature-256": signature}, BODY) is admitted
    assert not is_admitted(admission, {"x-hub-signature-256": signature}, BODY + b" ")
    assert not is_admitted(admission, {}, BODY)


def test_a_signature_as_shopify_sends_it():
    admission = auth(type="hmac", secret=SECRET, header="X-Shopify-Hmac-Sha256", encoding="base64")
    signature = base64.b64encode(bytes.fromhex(GITHUB)).decode()
    assert is_admitted(admission, {"x-shopify-hmac-sha256": signature}, BODY)
    assert not is_admitted(admission, {"x-shopify-hmac-sha256": GITHUB}, BODY)
    assert not is_admitted(admission, {"x-shopify-hmac-sha256": f"{signature}!"}, BODY)


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        ("t=1700000000,v1={good}", True),
        ("t=1699999701, v1={bad}, v1={good}, v0=x", True),
        ("t=1699999699,v1={good}", False),
        ("t=1700000299,v1={good}", True),
        ("t=1700000301,v1={good}", False),
        ("t=1700000000,v0={good}", False),
        ("t=1700000000,v1={bad}", False),
        ("v1={good}", False),
        ("t=x,v1={good}", False),
        ("t=1700000000,t=1700000000,v1={good}", False),
        ("t=1700000000," + "v1={bad}," * 10 + "v1={good}", False),
        (",=,", False),
    ],
)
def test_a_signature_as_stripe_sends_it(header, admitted):
    time = header.partition("t=")[2].partition(",")[0]
    good = digest(f"{time}.".encode() + BODY)
    headers = {"stripe-signature": header.format(good=good, bad=digest(BODY))}
    admission = auth(type="hmac", secret=SECRET, header="Stripe-Signature", timestamped=True)
    assert is_admitted(admission, headers, BODY) is admitted


@pytest.mark.parametrize("algorithm", ["sha1", "sha512"])
def test_other_hashes(algorithm):
    admission = auth(type="hmac", secret=SECRET, header="X-Sig", algorithm=algorithm)
    assert is_admitted(admission, {"x-sig": digest(BODY, algorithm=algorithm)}, BODY)
    assert not is_admitted(admission, {"x-sig": digest(BODY)}, BODY)


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "bearer", "token": ""},
        {"type": "basic", "username": "ann", "password": ""},
        {"type": "hmac", "secret": "", "header": "X"},
        {"type": "hmac", "secret": "x", "header": ""},
        {"type": "hmac", "secret": "x", "header": "X\r\nY"},
    ],
)
def test_an_empty_secret_and_a_header_that_is_none_are_refused(settings):
    with pytest.raises(ValidationError):
        auth(**settings)


def test_no_secret_is_shown():
    for settings in (
        {"type": "bearer", "token": "hunter2"},
        {"type": "basic", "username": "ann", "password": "hunter2"},
        {"type": "hmac", "secret": "hunter2", "header": "X"},
    ):
        assert "hunter2" not in repr(auth(**settings))
    with pytest.raises(ValidationError) as caught:
        auth(type="bearer", token=["hunter2"])
    assert "hunter2" not in "".join(describe_errors(caught.value))


def test_headers_that_hold_a_secret_are_told():
    assert credentials(auth(type="bearer", token="x")) == credentials(
        auth(type="basic", username="x", password="x")
    )
    assert credentials(auth(type="bearer", token="x")) == {"authorization"}
    assert credentials(auth(type="hmac", secret="x", header="X")) == credentials(None) == frozenset()


def test_secrets_are_compared_as_digests_in_constant_time(monkeypatch):
    compared = []
    original = hmac.compare_digest

    def spy(first, second):
        compared.append((len(first), len(second)))
        return original(first, second)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    assert not is_admitted(auth(type="bearer", token="long" * 100), {"authorization": "Bearer x"})
    assert compared == [(hashlib.sha256().digest_size,) * 2]
