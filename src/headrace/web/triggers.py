"""The triggers of a flow as they are now, whoever executes it."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from itertools import islice

import msgspec

from headrace.app.elsewhere import FlowElsewhere
from headrace.app.folder import FlowFile
from headrace.app.schedule import firings_of
from headrace.expr.suggestion import did_you_mean
from headrace.flow.model import Flow, Node
from headrace.sdk import Firing as FiringOf
from headrace.sdk import Trigger
from headrace.values import Json
from headrace.web.masking import masked_json
from headrace.web.problem import ApiError
from headrace.web.resources.flow import Firing
from headrace.web.resources.flow import Trigger as TriggerFacts
from headrace.web.site import Site

__all__ = ["Triggers", "triggers_of"]


class Triggers(msgspec.Struct, frozen=True):
    """The triggers of the version of a flow that is executed.

    Attributes:
        made: those whose settings are known here.
        are_on: whether each fires by itself.
        is_executed: whether somebody has them fire.
    """

    flow: Flow
    made: Mapping[str, Trigger]
    are_on: Mapping[str, bool]
    is_executed: bool = True

    def node(self, name: str) -> Node:
        """One of them.

        Raises:
            ApiError: there is none.
        """
        if name not in self.are_on:
            hint = did_you_mean(name, self.are_on) or ""
            message = f"flow `{self.flow.name}` has no trigger `{name}`{hint}"
            raise ApiError(HTTPStatus.NOT_FOUND, "not_found", message)
        return self.flow.nodes[name]

    async def facts(self, site: Site, name: str) -> TriggerFacts:
        """One of them, as it is shown."""
        node, made = self.node(name), self.made.get(name)
        schedule = None if made is None else made.schedule
        where = site.watcher.where.get((self.flow.name, name))
        following = await self.firings(site, name, 1)
        return TriggerFacts(
            node=name,
            component=node.spec.name,
            kind="listens" if node.spec.listens else "signal" if schedule is None else "schedule",
            when=where if schedule is None else schedule.text,
            is_started=node.starts,
            is_paused=not self.are_on[name],
            next_firing=following[0].at if following else None,
            payload=None if made is None else masked_json(_payload(made), site.mask),
        )

    async def firings(self, site: Site, name: str, count: int) -> list[Firing]:
        """The next firings of one of them; none where it is not followed, or fires on request alone."""
        self.node(name)
        made = self.made.get(name)
        if made is None or made.schedule is None or not (self.is_executed and self.are_on[name]):
            return []
        record = await site.store.trigger(self.flow.name, name)
        due = firings_of(name, made.schedule, made.policy, record, time.time_ns())
        return [Firing(at=each.text, local=each.local) for each in islice(due, count)]


async def triggers_of(site: Site, flow: FlowFile | FlowElsewhere) -> Triggers | None:
    """The triggers of a flow; None where it is not executed, or does not load here."""
    if isinstance(flow, FlowElsewhere):
        if flow.flow is None:
            return None
        switches = await site.store.switches(flow.name)
        are_on = {node.name: switches.get(node.name, node.starts) for node in flow.flow.triggers}
        is_executed = bool(await site.store.executors(flow.name))
        return Triggers(flow.flow, flow.triggers, are_on, is_executed=is_executed)
    program = flow.program
    if program is None:
        return None
    are_on = {name: site.engine.is_on(program, name) for name in program.triggers}
    return Triggers(program.flow, program.triggers, are_on)


def _payload(trigger: Trigger) -> Json:
    """What a firing without a payload hands on."""
    now_ns = time.time_ns()
    message = trigger.message(FiringOf(now_ns, now_ns, 0))
    if not isinstance(message, dict):
        return None
    return message.get("payload", message.get("request"))
