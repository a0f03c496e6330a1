"""Fires triggers: asks the store to decide, and has the worker begin what comes of it."""

from collections.abc import Callable

from headrace.engine.identity import random_run_id
from headrace.engine.observer import Observer
from headrace.engine.program import Program
from headrace.engine.programs import Programs
from headrace.engine.receiver import RemoteFiring
from headrace.engine.worker import Worker
from headrace.errors import TemporaryError
from headrace.sdk import Clock, Firing
from headrace.store import Attempt, Fired, FireRequest, Store
from headrace.values import Json

__all__ = ["Firer"]


class Firer:
    """Fires triggers of the programs of this process."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        observer: Observer,
        programs: Programs,
        worker: Worker,
        on_fired: Callable[[], None],
    ) -> None:
        """Set up.

        Args:
            on_fired: called after each firing.
        """
        self._store = store
        self._clock = clock
        self._observer = observer
        self._programs = programs
        self._worker = worker
        self._on_fired = on_fired

    async def scheduled(
        self, program: Program, trigger: str, scheduled_at_ns: int, *, queued: bool, waits: bool
    ) -> Fired:
        """Fire by a schedule: see `engine.trigger.Fire`."""
        fired = await self.fire(program, trigger, scheduled_at_ns, None, queued=queued, waits=waits)
        if fired.reason in ("overlap", "queued", "exhausted"):
            self._observer.firing_dropped(program.flow.name, trigger, fired.reason)
        return fired

    async def remotely(self, firing: RemoteFiring) -> Fired:
        """Fire because somebody asked a trigger that listens."""
        return await self.fire(
            firing.program,
            firing.trigger,
            self._clock.now_ns(),
            firing.payload,
            on_request=True,
            run_id=firing.run_id,
            dedupe_key=firing.dedupe_key,
            has_caller=firing.has_caller,
        )

    async def fire(
        self,
        program: Program,
        trigger: str,
        scheduled_at_ns: int,
        payload: Json,
        *,
        on_request: bool = False,
        queued: bool = False,
        waits: bool = False,
        run_id: str | None = None,
        dedupe_key: str | None = None,
        has_caller: bool = False,
    ) -> Fired:
        """Fire a trigger: `store.records.FireRequest` says what is decided.

        Raises:
            TemporaryError: the flow has no such trigger any more.
            StoreError: the store failed.
        """
        with self._programs.held(program) as program:
            component = program.triggers.get(trigger)
            if component is None:
                raise TemporaryError(f"flow `{program.flow.name}` has no trigger `{trigger}` any more")
            now_ns = self._clock.now_ns()
            fired = await self._store.fire(
                FireRequest(
                    flow=program.flow.name,
                    version=program.flow.version,
                    trigger=trigger,
                    port=program.units[trigger].node.spec.outputs[0].name,
                    run_id=run_id or random_run_id(),
                    scheduled_at_ns=scheduled_at_ns,
                    fired_at_ns=now_ns,
                    vars=program.vars,
                    message=lambda tick: component.message(Firing(now_ns, scheduled_at_ns, tick, payload)),
                    on_request=on_request,
                    overlap=component.policy.overlap,
                    max_firings=component.policy.max_firings,
                    queued=queued,
                    waits=waits,
                    dedupe_key=dedupe_key,
                    has_caller=has_caller,
                    cut_off=self._worker.cut_off,
                )
            )
            for superseded, committed in fired.superseded.items():
                self._worker.cancelled(superseded, committed)
            if fired.run is not None and fired.task is not None:
                self._worker.begin(program, fired.run, [(fired.task, Attempt())])
        self._on_fired()
        return fired
