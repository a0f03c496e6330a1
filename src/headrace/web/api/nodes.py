"""One node of a flow: its settings, what shapes its messages, and the last of them."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from msgspec import to_builtins

from headrace.app.description import describe_json
from headrace.app.folder import shown_text
from headrace.errors import Finding
from headrace.expr.suggestion import did_you_mean
from headrace.flow.model import Flow
from headrace.flow.tree import to_json
from headrace.flow.yaml import read_yaml
from headrace.source import Source
from headrace.store import RunFilter
from headrace.values import Json
from headrace.web.api.base import ExactRoute, TheSite, not_found
from headrace.web.masking import masked_json
from headrace.web.resources.base import AnyJson, Resource, Time
from headrace.web.resources.flow import lines_at
from headrace.web.resources.live import NodeLive
from headrace.web.resources.run import NodeProfile
from headrace.web.site import Site

__all__ = ["router"]

router = APIRouter(prefix="/flows", tags=["flows"], route_class=ExactRoute)


class TemplateText(Resource):
    """A template that shapes messages for a node, with its place."""

    where: str
    line: int
    text: str


class Sample(Resource):
    """One of the last messages that came in or went out; masked, and cut where it is long."""

    at: Time
    run: str
    direction: str
    port: str
    message: AnyJson
    is_cut: bool


class NodeDetail(Resource):
    """A node as its file has it, and as it works."""

    name: str
    component: dict[str, AnyJson]
    settings: dict[str, AnyJson]
    templates: list[TemplateText]
    live: NodeLive
    profile: NodeProfile | None
    samples: list[Sample]


@router.get("/{flow}/nodes/{node}")
async def read_node(site: TheSite, flow: str, node: str) -> NodeDetail:
    """A node: its component, its settings, what shapes its messages, and samples of them."""
    executed = await site.executed(flow)
    found = executed.nodes.get(node)
    if found is None:
        hint = did_you_mean(node, executed.nodes) or ""
        raise not_found(f"flow `{flow}` has no node `{node}`{hint}")
    counts = await site.live(flow)
    text = site.mask(shown_text(executed.source))
    return NodeDetail(
        name=node,
        component=describe_json(found.spec),
        settings=_settings(site, text, node, found.spec.name),
        templates=list(_templates(executed, text.splitlines(), node)),
        live=NodeLive() if counts is None else counts.nodes.get(node, NodeLive()),
        profile=await _profile(site, flow, node),
        samples=[Sample.model_validate(to_builtins(each)) for each in site.recorder.samples(flow, node)],
    )


async def _profile(site: Site, flow: str, node: str) -> NodeProfile | None:
    """What the node did in the latest run that is remembered."""
    for run in await site.store.runs(RunFilter(flow=flow, limit=1)):
        profile = await site.profile(run)
        if profile is not None and node in profile.nodes:
            return NodeProfile.model_validate(to_builtins(profile.nodes[node]))
    return None


def _settings(site: Site, text: str, node: str, component: str) -> dict[str, Json]:
    """The settings as the file has them, those of `defaults` included; secrets are names in it."""
    findings: list[Finding] = []
    tree = read_yaml(Source("", text), findings)
    spec = _member(None if tree is None else to_json(tree), "spec")
    common = _member(_member(spec, "defaults"), component)
    own = _member(_member(_member(spec, "nodes"), node), "settings")
    return _member({"settings": masked_json({**common, **own}, site.mask)}, "settings")


def _member(value: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A member that is an object; an empty one if it is not there, or is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _templates(flow: Flow, text: list[str], name: str) -> Iterator[TemplateText]:
    """What shapes messages for a node: its own `input`, then the edges into it."""
    node = flow.nodes[name]
    if node.input is not None:
        last = lines_at(text, node.span.line)
        for line in range(node.span.line, last + 1):
            if text[line - 1].lstrip().startswith("input:"):
                yield TemplateText(where="input", line=line, text=_lines(text, line))
    for edge in flow.edges:
        if edge.target.node == name and (edge.data is not None or edge.add is not None):
            line = edge.span.line
            yield TemplateText(where=f"{edge.source} -> {edge.target}", line=line, text=_lines(text, line))


def _lines(text: list[str], first: int) -> str:
    return "\n".join(text[first - 1 : lines_at(text, first)])
