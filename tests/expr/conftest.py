"""What the tests of expressions share: JavaScript itself, to compare with."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

# Reads lines of [code of a function, arguments] and answers each with its value or the error's name.
PROGRAM = r"""
const functions = new Map();
const plain = value => {
  if (value === undefined) return {value: null};
  if (typeof value === 'number' && !Number.isFinite(value)) return {special: String(value)};
  return {value};
};
require('readline').createInterface({input: process.stdin}).on('line', line => console.log(answer(line)));
function answer(line) {
  const [code, parameters] = JSON.parse(line);
  if (!functions.has(code)) functions.set(code, (0, eval)(code));
  try {
    return JSON.stringify(plain(functions.get(code)(...parameters)));
  } catch (error) {
    return JSON.stringify({error: error.name});
  }
}
"""

Case = tuple[str, Sequence[Any]]


@pytest.fixture(scope="session")
def javascript() -> Iterator[Callable[[Sequence[Case]], list[dict[str, Any]]]]:
    """Runs functions in JavaScript, all in one process: `{value}`, `{special}` (NaN) or `{error}`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to compare with")
    with subprocess.Popen([node, "-e", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def value(case: Case) -> dict[str, Any]:
            code, arguments = case
            process.stdin.write(json.dumps([code, list(arguments)]).encode() + b"\n")
            process.stdin.flush()
            # An integer beyond 2**53 is the text of a double there.
            answer: dict[str, Any] = json.loads(
                process.stdout.readline(), parse_int=lambda text: int(text) if len(text) < 16 else float(text)
            )
            return answer

        yield lambda cases: [value(case) for case in cases]
        process.stdin.close()
