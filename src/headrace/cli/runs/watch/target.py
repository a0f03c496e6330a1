"""What is watched: a run, the runs of a flow, or all."""

import msgspec

from headrace.cli.runs.watch.source import Source
from headrace.errors import UsageError
from headrace.expr.suggestion import did_you_mean, listed
from headrace.values import well_formed

__all__ = ["Target", "find_target"]

_LATEST = "latest"
_SHOWN = 5


class Target(msgspec.Struct, frozen=True):
    """What is watched; a run has its flow with it."""

    flow: str | None = None
    run: str | None = None


async def find_target(source: Source, text: str | None) -> Target:
    """The flow of this name, or else the run whose id begins so; `latest` is the latest one.

    Raises:
        UsageError: there is none, or there are several.
    """
    if text is None:
        return Target()
    text = well_formed(text)  # what is no UTF-8 comes from the command line as lone surrogates
    flows = await source.flows()
    if text in flows or await source.latest(text) is not None:
        return Target(flow=text)
    if text == _LATEST:
        latest = await source.latest(None)
        if latest is None:
            raise UsageError("there is no run yet")
        return Target(latest.flow, latest.id)
    found = await source.find(text) if text else []
    found = [run for run in found if run.id == text] or found
    if len(found) > 1:
        ids = [run.id for run in found]
        more = ", …" if len(ids) > _SHOWN else ""
        raise UsageError(f"several runs begin with `{text}`: {listed(ids[:_SHOWN], _SHOWN)}{more}")
    if not found:
        near = did_you_mean(text, [_LATEST, *flows])
        raise UsageError(f"there is no run and no flow `{text}`{near or '; `headrace runs list` lists runs'}")
    return Target(found[0].flow, found[0].id)
