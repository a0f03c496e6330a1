"""Ids: random ones of runs; those of tasks and groups derive from the parent's and the path (rule 3)."""

from hashlib import blake2b
from uuid import uuid4

__all__ = ["derived_id", "digest", "random_run_id"]


def random_run_id() -> str:
    """64 random bits; no dot is in it, which ends it in the ids of its tasks."""
    return uuid4().hex[:16]


def derived_id(run_id: str, path: str) -> str:
    """An id within a run: `<run id>.<digest of the path>`, so that a run's rows lie together in a target."""
    return f"{run_id}.{digest(path)}"


def digest(text: str) -> str:
    """96 bits, as hexadecimal digits."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()
