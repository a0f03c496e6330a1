"""What is not of a flow: the session, components, expressions."""

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from headrace import __version__
from headrace.app.description import describe_json
from headrace.errors import ExpressionError, Finding, Severity
from headrace.expr import Environment
from headrace.expr.standalone import compile_text, value_text
from headrace.expr.suggestion import did_you_mean
from headrace.expr.time import time_text
from headrace.values import Json, decode_json
from headrace.web.access import Access
from headrace.web.api.base import ExactRoute, TheSite, not_found
from headrace.web.masking import masked_json
from headrace.web.resources.base import AnyJson, Given, Resource, Time, with_message
from headrace.web.site import executed_of

__all__ = ["router"]

router = APIRouter(tags=["system"], route_class=ExactRoute)


class Session(Resource):
    """Who asks, and whom."""

    access: Access
    version: str
    started_at: Time
    now: Time


class ComponentSummary(Resource):
    """A component at a glance."""

    name: str
    summary: str
    is_trigger: bool


class Components(Resource):
    """All components."""

    components: list[ComponentSummary]


class Expression(Given):
    """A template, or a bare expression; `flow` says whose vars `$vars` are."""

    text: Annotated[str, Field(max_length=100_000)]
    data: AnyJson = None
    flow: str | None = None


class ExpressionProblem(Resource):
    """What is wrong with an expression; the excerpt is its line with carets below."""

    code: str
    message: str
    cure: str
    excerpt: str
    line: int
    column: int
    length: int


class Evaluation(Resource):
    """The value of an expression, also as text with all digits of its numbers; or what is wrong."""

    value: AnyJson = None
    text: str | None = None
    problem: ExpressionProblem | None = None


@router.get("/session")
async def session(request: Request, site: TheSite) -> Session:
    """What the token opens."""
    return Session(
        access=request.scope["state"]["access"],
        version=__version__,
        started_at=time_text(site.started_ns),
        now=time_text(time.time_ns()),
    )


@router.get("/components")
async def list_components(site: TheSite) -> Components:
    """What nodes can be made of."""
    return Components(
        components=[
            ComponentSummary(name=spec.name, summary=spec.summary, is_trigger=spec.trigger)
            for spec in site.registry
        ]
    )


@router.get("/components/{module}/{name}")
async def read_component(site: TheSite, module: str, name: str) -> dict[str, AnyJson]:
    """A component with its ports and the JSON Schemas of its settings and messages."""
    spec = site.registry.get(f"{module}/{name}")
    if spec is None:
        hint = did_you_mean(f"{module}/{name}", site.registry.names) or ""
        raise not_found(f"there is no component `{module}/{name}`{hint}")
    return describe_json(spec)


@router.post("/evaluate", response_model=Evaluation)
async def evaluate(site: TheSite, given: Expression) -> Response:
    """The value of an expression for a message, or what is wrong with it; nothing else happens."""
    known = None if given.flow is None else await site.known(given.flow)
    executed = None if known is None else executed_of(known)
    variables: dict[str, Json] = {} if executed is None else executed.vars
    found = await site.bench.work(lambda: _evaluate(given, variables, site.mask))
    return with_message(found, "value")


def _evaluate(given: Expression, variables: dict[str, Json], mask: Callable[[str], str]) -> Evaluation:
    findings: list[Finding] = []
    try:
        template = compile_text(given.text, findings)
        wrong = next((each for each in findings if each.severity is Severity.ERROR), None)
        if wrong is not None:
            return Evaluation(problem=_problem(wrong, mask))
        environment = Environment(now_ns=time.time_ns, vars=variables, run={})
        text = value_text(template.evaluate(given.data, environment)).decode()
    except ExpressionError as error:
        return Evaluation(problem=_problem(error.finding, mask))
    return Evaluation(value=masked_json(decode_json(text), mask), text=mask(text))


def _problem(finding: Finding, mask: Callable[[str], str]) -> ExpressionProblem:
    span = finding.span
    return ExpressionProblem(
        code=finding.code,
        message=mask(finding.message),
        cure=mask(finding.cure),
        excerpt=mask(span.excerpt()),
        line=span.line,
        column=span.column,
        length=max(span.end - span.start, 1),
    )
