"""Dead letters of one flow are tried again: by the process that executes the flow, or here."""

from dataclasses import dataclass, field

from headrace.app.asking import EXECUTED_ELSEWHERE, ask, withdraw
from headrace.app.facts import letter_name
from headrace.cli.events import write_event
from headrace.cli.runs.choice import short_id
from headrace.cli.session import Session
from headrace.cli.terminal import harmless
from headrace.cli.wording import plural
from headrace.errors import StoreError
from headrace.store import DeadLetter, Request, RequestKind, Store
from headrace.values import Json

__all__ = ["Retrial"]


@dataclass
class Retrial:
    """What is to be tried again, and what became of it.

    Attributes:
        flow: whose dead letters they are.
        waiting: those that are not decided, by the ids of the requests for them.
        message: takes the place of the task's own, if `is_edited`.
        as_json: decisions are printed as events.
        asked: ids of requests that were left in the store.
        accepted: those that are tried again, `refused` why others are not.
        is_here: whether this process has become the one that executes the flow.
    """

    flow: str
    waiting: dict[str, DeadLetter]
    message: Json = None
    is_edited: bool = False
    as_json: bool = False
    asked: set[str] = field(default_factory=set)
    accepted: list[DeadLetter] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_here: bool = False

    async def elsewhere(self, store: Store, process: int) -> None:
        """Ask the process that executes the flow; what it does not answer since it ends stays waiting."""
        requests = [
            Request(
                id_,
                self.flow,
                RequestKind.RETRY,
                run_id=letter.task.run_id,
                task_id=letter.task.id,
                has_data=self.is_edited,
                data=self.message,
            )
            for id_, letter in self.waiting.items()
        ]
        answers = await ask(store, requests)
        self.asked |= answers.keys()
        for id_, refusal in answers.items():
            if refusal is not None:
                await self._decide(store, id_, refusal, process)

    async def here(self, session: Session) -> int:
        """Become the process that executes the flow, and try them again; returns the exit code.

        Runs that were left unfinished are finished first, on their own versions, since a run has one version
        at a time. If another process has become the one that executes the flow, nothing is done.
        """
        try:
            program = await session.load()
        except StoreError as error:
            if error.code == EXECUTED_ELSEWHERE:
                return 1
            raise
        self.is_here = True
        store, engine = session.store, session.engine
        for id_ in list(self.waiting):  # what was asked for is not carried out twice
            answer = await withdraw(store, id_) if id_ in self.asked else None
            if answer is not None or await self._is_open(store, self.waiting[id_]):
                await self._decide(store, id_, answer or "", None)
        runs = {letter.task.run_id for letter in (*self.waiting.values(), *self.accepted)}
        left = await engine.resume(program, runs)
        engine.attend(program)
        if left:
            session.watch.say(f"finishing first {plural(len(left), 'run')} left unfinished, on its version")
        for run in left:
            await engine.wait(run.id)
        for id_, letter in list(self.waiting.items()):
            refusal = ""
            try:
                await engine.retry(program, letter, self.message, is_edited=self.is_edited)
            except StoreError as error:
                refusal = error.message
            await self._decide(store, id_, refusal, None)
        if not self.as_json:
            for text in self.refused:
                session.watch.say(text)
        session.awaited = list(dict.fromkeys(letter.task.run_id for letter in self.accepted))
        return max(await session.end_of_awaited(), 1 if self.refused else 0)

    async def _decide(self, store: Store, id_: str, refusal: str, process: int | None) -> None:
        letter = self.waiting.pop(id_)
        if refusal and not self.is_edited and await self._is_open(store, letter):
            refusal = ""  # somebody else has it tried again: as was wished
        facts = {**letter_name(letter), "process": process}
        if refusal:
            task = letter.task
            where = f"{short_id(task.id)} ({task.node}:{task.port})"
            self.refused.append(harmless(f"dead letter {where} is not tried again: {refusal}"))
            facts |= {"reason": refusal}
        else:
            self.accepted.append(letter)
        if self.as_json:
            write_event({"event": "letter_refused" if refusal else "letter_retried", **facts})

    async def _is_open(self, store: Store, letter: DeadLetter) -> bool:
        """Whether its task is open again."""
        return any(task.id == letter.task.id for task, _ in await store.open_tasks(letter.task.run_id))
