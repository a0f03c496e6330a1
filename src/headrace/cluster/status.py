"""The status of a Flow resource. Pure: what is seen goes in, what people read comes out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from headrace.cluster.manifest import Manifest
from headrace.cluster.name import selector_of
from headrace.cluster.stores import Facts
from headrace.errors import Finding, Severity
from headrace.expr.time import time_text
from headrace.flow.report import summary
from headrace.store import RunRecord
from headrace.values import Json

__all__ = ["Seen", "flow_status"]

_MOST_FINDINGS = 50
_LONGEST_MESSAGE = 1000


class Seen(msgspec.Struct, frozen=True):
    """What the operator sees of a flow.

    Attributes:
        version: of the flow that is wanted; None if it does not load.
        findings: what is wrong with it.
        problem: why it could not be applied; empty if it could.
        deployment: as the cluster has it; None if there is none.
        facts: of its runs; None if the store cannot be reached.
        store_problem: why not.
    """

    version: str | None
    findings: Sequence[Finding] = ()
    problem: str = ""
    deployment: Manifest | None = None
    facts: Facts | None = None
    store_problem: str = ""


def flow_status(resource: Manifest, seen: Seen, now: datetime | None = None) -> dict[str, Json]:
    """The whole status; conditions keep the time of their last change."""
    before: Mapping[str, Any] = resource.get("status") or {}
    name, generation = resource["metadata"]["name"], resource["metadata"].get("generation")
    deployed = before.get("observedVersion")
    if seen.version is not None and not seen.problem:
        deployed = seen.version
    ready = _ready(seen)
    conditions = [_valid(seen), ready, _reachable(seen)]
    workers = (seen.deployment or {}).get("status") or {}
    status: dict[str, Json] = {
        "phase": ready[2],
        "observedGeneration": generation,
        "observedVersion": deployed,
        "replicas": workers.get("replicas", 0),
        "readyReplicas": workers.get("readyReplicas", 0),
        "selector": ",".join(f"{key}={value}" for key, value in selector_of(name).items()),
        "conditions": _with_times(conditions, before.get("conditions") or [], generation, now),
        "findings": [_finding(each) for each in seen.findings[:_MOST_FINDINGS]],
    }
    if seen.facts is not None:
        status |= _run_facts(seen.facts)
    else:  # what was known stays: it says when it was
        status |= {key: before[key] for key in ("lastRun", "nextFiring", "counters") if key in before}
    return {key: value for key, value in status.items() if value is not None}


_Condition = tuple[str, str, str, str]
"""Type, status, reason, message."""


def _valid(seen: Seen) -> _Condition:
    errors = [each for each in seen.findings if each.severity is Severity.ERROR]
    if seen.version is not None:
        return "Valid", "True", "Valid", summary(seen.findings) or "nothing is wrong with it"
    return "Valid", "False", "Invalid", f"{summary(seen.findings)}: {errors[0] if errors else ''}"


def _ready(seen: Seen) -> _Condition:
    """Whether the workers of this very generation work; the reason is the phase."""
    spec, status = (((seen.deployment or {}).get(part) or {}) for part in ("spec", "status"))
    if seen.version is None:
        goes_on = "; what ran before goes on" if seen.deployment is not None else ""
        return "Ready", "False", "Invalid", f"the flow does not validate{goes_on}"
    if seen.problem:
        return "Ready", "False", "Failed", seen.problem
    if seen.deployment is None:
        return "Ready", "False", "Deploying", "the workers are about to be made"
    wanted = spec.get("replicas", 1)
    if wanted == 0:
        return "Ready", "False", "Stopped", "it has no workers: `replicas` is 0"
    is_seen = status.get("observedGeneration", 0) >= seen.deployment["metadata"].get("generation", 1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if is_seen and updated >= wanted and available >= wanted and status.get("replicas", 0) == updated:
        return "Ready", "True", "Running", f"{available} of {wanted} workers are ready"
    stuck = next((each for each in status.get("conditions") or () if _is_stuck(each)), None)
    if stuck is not None:
        return "Ready", "False", "Stuck", str(stuck.get("message", ""))
    told = f"{updated} of {wanted} workers have this version, {available} are ready"
    return "Ready", "False", "Deploying", told


def _is_stuck(condition: Mapping[str, Any]) -> bool:
    return condition.get("type") == "Progressing" and condition.get("status") == "False"


def _reachable(seen: Seen) -> _Condition:
    if seen.facts is not None:
        return "StoreReachable", "True", "Reachable", "the store answers"
    return "StoreReachable", "False", "Unreachable", seen.store_problem or "it was not asked"


def _with_times(
    conditions: Sequence[_Condition],
    before: Sequence[Mapping[str, Any]],
    generation: int | None,
    now: datetime | None,
) -> list[Json]:
    known = {each.get("type"): each for each in before}
    stamp = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made: list[Json] = []
    for kind, status, reason, message in conditions:
        old = known.get(kind) or {}
        since = old.get("lastTransitionTime") if old.get("status") == status else None
        made.append({
            "type": kind, "status": status, "reason": reason, "message": message[:_LONGEST_MESSAGE],
            "lastTransitionTime": since or stamp,
            **({} if generation is None else {"observedGeneration": generation}),
        })  # fmt: skip
    return made


def _finding(finding: Finding) -> dict[str, Json]:
    """A finding with its place: the path in the resource, line and column in the text that stands there."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "cure": finding.cure,
        "path": finding.span.source.name,
        "line": finding.span.line,
        "column": finding.span.column,
    }


def _run_facts(facts: Facts) -> dict[str, Json]:
    run = facts.last_run
    counters: dict[str, Json] = {"openRuns": facts.open_runs, "deadLetters": facts.dead_letters}
    if run is not None:
        counters |= {"tasks": run.tasks_done, "errors": run.error_count, "retries": run.retries}
    return {
        "lastRun": None if run is None else _last_run(run),
        "nextFiring": None if facts.next_firing_ns is None else time_text(facts.next_firing_ns),
        "counters": counters,
    }


def _last_run(run: RunRecord) -> dict[str, Json]:
    ended = {} if run.ended_at_ns is None else {"endedAt": time_text(run.ended_at_ns)}
    return {
        "id": run.id,
        "status": run.status.value,
        "trigger": run.trigger,
        "startedAt": time_text(run.started_at_ns),
        **ended,
    }
