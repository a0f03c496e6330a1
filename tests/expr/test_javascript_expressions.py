"""Whole expressions as JavaScript evaluates them: random ones over random data, the same in node.

The principle under test is "JavaScript's value, or an error with its place": both have the same value, or
both have none. `support.generator` writes each expression for both; where rules D1 to D8 differ on purpose,
JavaScript calls the function that `support.javascript` has for the rule. Excluded are, by those rules,
characters beyond 16 bits (D4), integers beyond 2**53 that are computed or printed in another radix (D2), and
searches for arrays and objects (D3).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from headrace.errors import ExpressionError, Finding
from headrace.expr import Environment, Scope, compile_expression
from headrace.source import Text
from support.generator import Generator
from support.javascript import PRELUDE, same
from support.pair import KINDS, Pair

Javascript = Callable[[Sequence[tuple[str, Sequence[Any]]]], list[dict[str, Any]]]
_THROWN = {"TypeError", "RangeError", "URIError", "SyntaxError"}  # what JavaScript's own rules throw


def outcome(expression: str, data: object) -> dict[str, object]:
    """The value or the code of the error, the same from checked and from direct code."""
    findings: list[Finding] = []
    template = compile_expression(Text.bare(expression), Scope.EVAL, findings)
    if findings:
        return {"error": findings[0].code, "loading": True}
    results: list[dict[str, object]] = []
    for pause in (1, 0):
        template._pause = pause
        try:
            results.append({"value": template.evaluate(data, Environment(now_ns=lambda: 0))})
        except ExpressionError as error:
            results.append({"error": error.code, "message": error.message})
    assert repr(results[0]) == repr(results[1]), expression
    return results[0]


def verdict(ours: dict[str, object], theirs: dict[str, Any]) -> str:
    """`equal`, `error`, the rule by which the two are not compared, or `wrong`."""
    if theirs.get("error") == "Excluded":
        return "excluded"
    if ours.get("loading") and ours["error"] == "HR205":
        return "told early"  # a method that its receiver cannot have, also where it would never be called
    if "value" in ours and "value" in theirs:
        return "equal" if same(ours["value"], theirs["value"]) else "wrong"
    is_error = "error" in ours and theirs.get("error") in _THROWN and not ours.get("loading")
    return "error" if is_error else "wrong"


def compare(javascript: Javascript, seed: int, count: int) -> Counter[str]:
    """Compare generated expressions; how many of them came to which verdict."""
    made: list[tuple[Pair, object]] = []
    for number in range(count):
        generator = Generator(f"{seed}/{number}")
        made.append((generator.make(generator.pick(KINDS), 4), generator.data()))
    cases = [(PRELUDE, []), *((f"$ => fin({pair.theirs})", [data]) for pair, data in made)]
    verdicts: Counter[str] = Counter()
    for (pair, data), theirs in zip(made, javascript(cases)[1:], strict=True):
        ours = outcome(pair.ours, data)
        found = verdict(ours, theirs)
        assert found != "wrong", (pair.ours, pair.theirs, data, ours, theirs)
        verdicts[found] += 1
    return verdicts


def test_random_expressions_have_javascripts_value_or_an_error(javascript):
    verdicts = compare(javascript, 20260103, 1000)
    assert verdicts["equal"] > 550
    assert verdicts["excluded"] < 25


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_many_random_expressions_have_javascripts_value_or_an_error(javascript, seed):
    verdicts = compare(javascript, seed, 1500)
    assert verdicts["equal"] > 800
