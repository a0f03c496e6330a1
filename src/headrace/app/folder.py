"""The flows of a folder, each executed here, and loaded anew when its file changes."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from headrace.app.asking import EXECUTED_ELSEWHERE
from headrace.app.listing import Stamp, list_files
from headrace.app.secrets import Secrets, load_secrets
from headrace.engine import Engine, Program
from headrace.errors import Finding, FlowError, HeadraceError, Severity, StoreError
from headrace.expr.suggestion import did_you_mean
from headrace.flow.loader import Loaded, read_flow
from headrace.flow.model import Flow
from headrace.sdk import Registry
from headrace.source import Source
from headrace.store import RunRecord

__all__ = ["FlowFile", "Folder", "errors_in", "shown_text", "text_of"]

_log = logging.getLogger(__name__)

_PERIOD_S = 1.0
"""How often is looked for changes: a `stat` of each file."""
_AGAIN_S = 10.0
"""When what failed for a reason outside of its file (a secret, a lock) is tried again."""
_IS_FLOW = re.compile(rb"^apiVersion:\s*[\"']?headrace\.dev/", re.MULTILINE)
_NAME = re.compile(
    r"^metadata:(?:\s*\{.*?\bname:\s*|\s*\n(?:[ \t]+.*\n)*?[ \t]+name:\s*)[\"']?([\w.-]+)", re.MULTILINE
)


class FlowFile(msgspec.Struct):
    """A flow file, and what became of it.

    Attributes:
        name: of the flow; of one that does not load what can be made out of it.
        program: what is executed: of this text, or of an earlier one if this does not load.
        flow: of the latest text that loads; None before there is one.
        text: as it is now.
        findings: of the text as it is now.
        problem: why the text is not executed; empty if it is.
        is_elsewhere: another process executes the flow.
        tries_at_s: when it is tried again, on the monotonic clock; None: once it changes.
    """

    path: Path
    stamp: Stamp
    name: str
    text: str = ""
    program: Program | None = None
    flow: Flow | None = None
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    is_elsewhere: bool = False
    tries_at_s: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether its text loads, and is not executed here for a reason outside of it, such as a secret."""
        wrong = any(finding.severity is Severity.ERROR for finding in self.findings)
        return self.program is None and self.flow is not None and not wrong


class Folder:
    """The flow files below a folder, or one file; hidden folders are left out.

    A YAML file is a flow file if it has a line `apiVersion: headrace.dev/…`. Where a change does not load,
    the version before it goes on.

    Attributes:
        files: by path.
    """

    def __init__(
        self,
        root: Path,
        registry: Registry,
        engine: Engine,
        secrets: Secrets,
        env_file: Mapping[str, str] | None = None,
        on_change: Callable[[str], None] = lambda flow: None,
    ) -> None:
        """Set up; nothing is read yet.

        Args:
            root: the folder; places in findings name files as it does.
            registry: the components that there are.
            engine: executes the flows.
            secrets: masks those of all flows.
            env_file: where secrets may be.
            on_change: called with a flow's name when anything of it has changed.
        """
        self._root = root
        self._registry = registry
        self._engine = engine
        self._secrets = secrets
        self._env_file = env_file
        self._on_change = on_change
        self._hidden: set[Path] = set()
        self._others: dict[Path, Stamp] = {}
        self.files: dict[Path, FlowFile] = {}

    def find(self, name: str) -> FlowFile | None:
        """The file of a flow; where several say the name, the one that is executed."""
        found = [file for file in self.files.values() if file.name == name]
        return next((file for file in found if file.program is not None), found[0] if found else None)

    def has(self, name: str) -> bool:
        """Whether a flow is this process's: it executes it, or has its text, which has to be mended."""
        file = self.find(name)
        return file is not None and not file.is_idle

    def near(self, name: str) -> str:
        """A hint for a name that no flow has."""
        return did_you_mean(name, [file.name for file in self.files.values()]) or ""

    async def follow(self) -> None:
        """Take over what changes, until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD_S)
            await self.scan()

    async def scan(self) -> None:
        """Take over what has changed since the last time.

        Raises:
            StoreError: the store failed.
        """
        found = await asyncio.to_thread(list_files, self._root)
        self._warn_of(found.hidden)
        for path in [path for path in self.files if path not in found.stamps and not found.hides(path)]:
            await self._remove(self.files.pop(path))
        now_s = time.monotonic()
        for path, stamp in found.stamps.items():
            known = self.files.get(path)
            is_due = known is not None and known.tries_at_s is not None and known.tries_at_s <= now_s
            seen = known.stamp if known is not None else self._others.get(path)
            if seen != stamp or is_due:
                await self._read(path, stamp)
        self._others = {path: stamp for path, stamp in self._others.items() if path in found.stamps}

    def _warn_of(self, hidden: dict[Path, str]) -> None:
        """Tell once what cannot be looked at."""
        for path in hidden.keys() - self._hidden:
            _log.warning("%s cannot be looked at (%s); what is known of it stays", path, hidden[path])
        self._hidden = set(hidden)

    async def _remove(self, file: FlowFile) -> None:
        if file.program is not None:
            _log.info(
                "flow %s: its file %s is gone; what has begun goes on", file.name, file.path, extra=_of(file)
            )
            await self._engine.dismiss(file.program.flow.name)
        self._on_change(file.name)

    async def _read(self, path: Path, stamp: Stamp) -> None:
        file = self.files.get(path) or FlowFile(path, stamp, "")
        before = file.name, file.stamp, file.problem, file.program
        try:
            loaded = await asyncio.to_thread(_load, path, self._registry)
        except HeadraceError as error:  # it may not be read
            file.name = file.name or _name_of(path, self._root)
            file.problem = _with_version(error.message, file.program)
            file.tries_at_s = time.monotonic() + _AGAIN_S
        else:
            if loaded is None:
                if self.files.pop(path, None) is not None:
                    await self._remove(file)
                self._others[path] = stamp
                return
            await self._take_in(file, *loaded)
        file.stamp = stamp
        self.files[path] = file
        after = file.name, file.stamp, file.problem, file.program
        if after == before:
            return
        if file.problem:
            has_errors = any(finding.severity is Severity.ERROR for finding in file.findings)
            cure = f"; `headrace validate {path}` shows more" if has_errors else ""
            _log.warning("flow %s (%s): %s%s", file.name, path, file.problem, cure, extra=_of(file))
        for name in {before[0], file.name} - {""}:
            self._on_change(name)

    async def _take_in(self, file: FlowFile, text: str, read: Loaded) -> None:
        """Take in the text of a file, and execute its flow if it loads."""
        file.text, file.findings = text_of(text, read), read.findings
        file.problem, file.tries_at_s, file.is_elsewhere = "", None, False
        if read.flow is not None:
            await self._take_over(file, read.flow)
            return
        file.problem = _unloadable(read.findings, file.program)
        file.name = file.name or _name_in(file.text) or _name_of(file.path, self._root)

    async def _take_over(self, file: FlowFile, flow: Flow) -> None:
        """Execute a flow from now on instead of what the file said before."""
        other = self.find(flow.name)
        if other is not None and other is not file and other.program is not None:
            file.name = flow.name
            file.problem = f"its name is that of the flow of {other.path}, which is executed"
            file.tries_at_s = time.monotonic() + _AGAIN_S
            return
        before = file.program
        if before is not None and before.flow.name != flow.name:
            await self._engine.dismiss(before.flow.name)
            file.program = None
        file.name, file.flow = flow.name, flow
        try:
            secrets = load_secrets(flow.secrets, env_file=self._env_file)
            self._secrets.include(secrets)
            file.program = await self._execute(file.program, flow, secrets.values)
            _log.info(
                "flow %s: version %s of %s is executed", flow.name, flow.version, file.path, extra=_of(file)
            )
        except FlowError as error:
            file.findings = (*file.findings, *error.findings)
            file.problem = _unloadable(error.findings, file.program)
        except HeadraceError as error:
            file.problem = self._secrets.mask(error.message)
            file.is_elsewhere = isinstance(error, StoreError) and error.code == EXECUTED_ELSEWHERE
            file.tries_at_s = time.monotonic() + _AGAIN_S

    async def _execute(self, before: Program | None, flow: Flow, secrets: Mapping[str, str]) -> Program:
        """Become the process that executes a flow; what was left unfinished goes on."""
        program = await self._engine.reload(flow, secrets)
        if before is not None:
            return program
        try:
            await self._engine.listen(program)
        except HeadraceError:
            await self._engine.dismiss(flow.name)
            raise
        left: list[RunRecord] = await self._engine.resume(program)
        if left:
            _log.info(
                "flow %s: runs that were left unfinished and go on: %d",
                flow.name,
                len(left),
                extra={"flow": flow.name},
            )
        self._engine.attend(program)
        await self._engine.follow(program)
        return program


def _of(file: FlowFile) -> dict[str, object]:
    return {"flow": file.name}


def _load(path: Path, registry: Registry) -> tuple[str, Loaded] | None:
    """Read a flow file; None if it is another YAML file; blocking.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError:
        data = b"apiVersion: headrace.dev/"  # what cannot be read may be one: the error is read_flow's
    if not _IS_FLOW.search(data):
        return None
    return data.decode("utf-8-sig", errors="replace"), read_flow(path, registry)


def shown_text(source: Source) -> str:
    """A text with dots for the values that nobody is to see, such as a password that stands in the file."""
    text = source.text
    for start, end in source.hidden:
        text = text[:start] + "•" * (end - start) + text[end:]
    return text


def text_of(text: str, loaded: Loaded) -> str:
    """The text of a file as it may be shown; of one that is no text, what can be read of it."""
    if loaded.flow is not None:
        return shown_text(loaded.flow.source)
    sources = [finding.span.source for finding in loaded.findings if finding.span.source.text == text]
    return shown_text(sources[0]) if sources else text


def _unloadable(findings: tuple[Finding, ...], program: Program | None) -> str:
    return _with_version(f"its file has {errors_in(findings)}", program)


def errors_in(findings: tuple[Finding, ...]) -> str:
    """How many errors there are, for people."""
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    return f"{errors} errors" if errors != 1 else "an error"


def _with_version(problem: str, program: Program | None) -> str:
    """A problem, and what goes on in spite of it."""
    return problem if program is None else f"{problem} now; version {program.flow.version} goes on"


def _name_in(text: str) -> str:
    found = _NAME.search(text)
    return found[1] if found else ""


def _name_of(path: Path, root: Path) -> str:
    """A name for a flow that has none: where its file is."""
    parts = path.relative_to(root).with_suffix("").parts if path != root else (path.stem,)
    return "-".join(parts)
