"""What the tests of expressions share: JavaScript itself, to compare with."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest

# Reads lines of [code of a function, arguments] and answers each with its value or the error's name.
PROGRAM = r"""
const functions = new Map();
const lines = require('fs').readFileSync(0, 'utf8').split('\n').filter(line => line);
const plain = value => {
  if (value === undefined) return {value: null};
  if (typeof value === 'number' && !Number.isFinite(value)) return {special: String(value)};
  return {value};
};
console.log(lines.map(line => {
  const [code, parameters] = JSON.parse(line);
  if (!functions.has(code)) functions.set(code, (0, eval)(code));
  try {
    return JSON.stringify(plain(functions.get(code)(...parameters)));
  } catch (error) {
    return JSON.stringify({error: error.name});
  }
}).join('\n'));
"""

Case = tuple[str, Sequence[Any]]


@pytest.fixture(scope="session")
def javascript() -> Callable[[Sequence[Case]], list[dict[str, Any]]]:
    """Runs functions in JavaScript, all in one process: `{value}`, `{special}` (NaN) or `{error}`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to compare with")

    def run(cases: Sequence[Case]) -> list[dict[str, Any]]:
        lines = "\n".join(json.dumps([code, list(arguments)]) for code, arguments in cases)
        done = subprocess.run([node, "-e", PROGRAM], input=lines.encode(), capture_output=True, check=True)
        # An integer beyond 2**53 is the text of a double there.
        return [
            json.loads(line, parse_int=lambda text: int(text) if len(text) < 16 else float(text))
            for line in done.stdout.decode().strip("\n").split("\n")
        ]

    return run
