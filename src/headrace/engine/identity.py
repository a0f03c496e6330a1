"""Ids of tasks and groups: derived from the parent's id and the path that made them (rule 3). Pure."""

from hashlib import blake2b

__all__ = ["derived_id", "digest"]


def derived_id(run_id: str, path: str) -> str:
    """An id within a run: `<run id>.<digest of the path>`, so that a run's rows lie together in a target."""
    return f"{run_id}.{digest(path)}"


def digest(text: str) -> str:
    """96 bits, as hexadecimal digits."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()
