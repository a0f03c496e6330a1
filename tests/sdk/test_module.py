"""Modules and registries: components are found by name, and imported when they are asked for."""

import subprocess
import sys

import pytest

from headrace.app import builtin_registry
from headrace.errors import UsageError
from headrace.sdk import Lazy, Module, Registry

TICKER = "headrace.components.common.ticker:Ticker"

# Prints which of the modules that flows seldom need are imported once a flow with two nodes has run.
START = """
import sys
from headrace.cli import main
code = main(["run", sys.argv[1], "--once", "--store", "memory"])
print(code, *sorted({"aiohttp", "psycopg", "headrace.components.database.connector"} & set(sys.modules)))
"""
FLOW = """
apiVersion: headrace.dev/v1
kind: Flow
metadata: {name: two}
spec:
  nodes:
    start: {component: common-module/signal}
    log: {component: common-module/debug}
  edges: [start -> log]
"""


def test_each_component_that_comes_with_headrace_is_where_its_module_says():
    registry = builtin_registry()
    assert [spec.name for spec in registry] == registry.names
    assert registry.get("common-module/tickre") is None


def test_a_start_imports_no_more_components_than_the_flow_has(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    done = subprocess.run(
        [sys.executable, "-c", START, tmp_path / "flow.yaml"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([Lazy("other-module/ticker", TICKER)], "does not belong to module `common-module`"),
        ([Lazy("common-module/ticker", TICKER)] * 2, "`common-module/ticker` is declared twice"),
        (
            [Lazy("common-module/clock", TICKER)],
            "`common-module/clock` is declared as `common-module/ticker`",
        ),
    ],
)
def test_what_is_declared_wrongly_is_told(components, message):
    with pytest.raises(UsageError, match=message):
        list(Registry([Module("common-module", "Own.", tuple(components))]))
