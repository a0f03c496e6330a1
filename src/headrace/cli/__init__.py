"""The command line: what people and scripts type. Nothing below imports this package.

entry        the commands; what an error looks like and which exit code it has (group, crash, terminal)
run          run a flow            session   the part of it that is asynchronous; option   some options
runs         look at runs, cancel them, try dead letters again
signal       fire a trigger in the process that executes the flow
capture      note samples of what comes in, in one run
validate     check flow files      finding   how a finding looks; sarif   and as SARIF
explain      what a code means     markdown  its page on a terminal
graph        draw a flow           schema    the JSON Schema of flow files
eval         evaluate expressions  stream    the same, a line of JSON at a time
components   what there is         describe, snippet   its settings and an example
lsp          serve editors
postgres     the embedded server
demo         a whole sync with a mock API
watch        what happens, as it happens; progress   counts, rates, time left
live, plain, events   three ways to show it: on a terminal, as lines, as JSON

Exit codes: 0 done, 1 a run failed, 2 the input or the usage is wrong, 130 interrupted, 143 terminated with
work left open. Start-up is kept fast: a command's module is loaded when the command is called.
"""

import gc
from collections.abc import Sequence
from importlib import import_module

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code.

    Args:
        arguments: without the program's name; those of the process if None.
    """
    is_process = arguments is None
    if is_process:
        # A start makes 150,000 objects, which stay: to look among them for garbage takes a tenth of it.
        gc.set_threshold(500_000)
    try:
        entry = import_module("headrace.cli.entry")  # here, so that Ctrl-C while it loads shows no traceback
    except KeyboardInterrupt:
        return 130
    status: int = entry.main(arguments)
    if is_process:
        gc.freeze()  # the system takes all back at once; to look for garbage a last time takes 20 ms
    return status
