"""The group of commands, and what becomes of errors: a text for people and an exit code."""

import errno
import sys
from collections.abc import Sequence
from typing import Any

import click

from headrace import __version__
from headrace.cli.crash import report_crash
from headrace.cli.finding import print_findings, print_pages
from headrace.cli.group import Entry, LazyGroup
from headrace.cli.invocation import Invocation
from headrace.cli.terminal import discard_output, harmless, has_color, has_links, link, open_streams, paint
from headrace.errors import ExpressionError, FlowError, HeadraceError, InternalError, UsageError
from headrace.pages import page_of

__all__ = ["COMMANDS", "main"]


COMMANDS = {
    "run": Entry("headrace.cli.run", "Run a flow: once, or by its schedules."),
    "serve": Entry("headrace.cli.serve", "Execute a folder of flows; an API and a web page show them."),
    "worker": Entry("headrace.cli.worker", "Execute a folder of flows with others, on many machines."),
    "runs": Entry("headrace.cli.runs.command", "Look at runs; cancel them, retry what failed."),
    "signal": Entry("headrace.cli.signal", "Fire a trigger of a flow that is being executed."),
    "validate": Entry("headrace.cli.validate", "Check flow files."),
    "graph": Entry("headrace.cli.graph", "Draw a flow: Mermaid or SVG."),
    "capture": Entry("headrace.cli.capture.command", "Run a flow once, and note samples of what comes in."),
    "eval": Entry("headrace.cli.eval", "Evaluate an expression or a template."),
    "demo": Entry("headrace.cli.demo.command", "See a whole sync at work, with a mock API and a PostgreSQL."),
    "explain": Entry("headrace.cli.explain", "Tell what a code means and its cure, or what a function does."),
    "components": Entry("headrace.cli.components", "List the components, or describe one."),
    "schema": Entry("headrace.cli.schema", "Print the JSON Schema of flow files, for editors."),
    "operator": Entry("headrace.cli.operator", "Serve a Kubernetes cluster: make workers of Flow resources."),
    "k8s": Entry("headrace.cli.k8s", "Print flows as plain Kubernetes manifests."),
    "lsp": Entry("headrace.cli.lsp", "Serve an editor: checks, completion, hover."),
    "postgres": Entry("headrace.cli.postgres", "The embedded PostgreSQL: start, stop, url, psql, status."),
}


class _Commands(LazyGroup):
    entries = COMMANDS


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The home folder, where everything is kept, is HEADRACE_HOME, else ~/.headrace.",
)
@click.version_option(__version__, prog_name="headrace", message="%(prog)s %(version)s")
def headrace() -> None:
    """Keep systems in sync: run flows from YAML files."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code.

    Args:
        arguments: without the program's name; those of the process if None.
    """
    open_streams()
    invocation = Invocation()
    try:
        status = _invoke(arguments, invocation)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output is gone (`headrace components | head`); nothing is left to say.
        discard_output()
        return 1
    except OSError as error:
        discard_output()
        _say(_error(f"the output cannot be written: {error.strerror}"))
        return 1
    return status


def _invoke(arguments: Sequence[str] | None, invocation: Invocation) -> int:
    try:
        status: Any = headrace.main(
            None if arguments is None else list(arguments),
            prog_name="headrace",
            standalone_mode=False,
            obj=invocation,
        )
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.ClickException as error:
        return _usage(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError) or _is_of_output(error):
            raise
        return report_crash(error, invocation.mask)
    except InternalError as error:
        return report_crash(error, invocation.mask)
    except HeadraceError as error:
        return _tell(error, invocation)
    except Exception as error:  # noqa: BLE001 - the last place before a traceback
        return report_crash(error, invocation.mask)
    return status if isinstance(status, int) else 0


def _is_of_output(error: OSError) -> bool:
    """Whether standard output could not be written (`> /dev/full`): errors of files name theirs."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(error.ctx.get_help())
        return 2
    text = error.format_message().rstrip(".")
    _say(_error(text[:1].lower() + text[1:]))
    context = getattr(error, "ctx", None)
    if context is not None:
        _say(f"`{context.command_path} --help` tells how it is used")
    return 2


def _tell(error: HeadraceError, invocation: Invocation) -> int:
    if isinstance(error, FlowError):
        print_findings(error.findings, sys.stderr, invocation.mask)
        print_pages([finding.code for finding in error.findings], sys.stderr)
        return 2
    if isinstance(error, ExpressionError):
        print_findings([error.finding], sys.stderr, invocation.mask)
        print_pages([error.code], sys.stderr)
        return 2
    message = harmless(invocation.mask(error.message))
    if isinstance(error, UsageError):
        _say(_error(message))
        return 2
    page = page_of(error.code) if has_links(sys.stderr) else None
    _say(_error(f"{link(error.code, page)} {message}"))
    print_pages([error.code], sys.stderr)
    return 1


def _error(text: str) -> str:
    return f"{paint('error:', has_color(sys.stderr), fg='red', bold=True)} {text}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)
