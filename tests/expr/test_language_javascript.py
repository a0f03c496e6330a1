"""`javascript.txt`, an expression a line: corners of operators, conversions, numbers, text and methods.

Each has the value that JavaScript gives for the same text, to the last digit. What differs on purpose stands
in the other tests of the language.
"""

from pathlib import Path

from support.expression import evaluate

EXPRESSIONS = (Path(__file__).parent / "javascript.txt").read_text(encoding="utf-8").splitlines()
# Iterators are arrays here; undefined is null (D1).
CODE = """e => {
  const value = (0, eval)(`(${e})`);
  return value && typeof value === 'object' && value[Symbol.iterator] ? [...value] : value;
}"""


def test_there_are_hundreds_of_corners():
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS)) > 400


def test_each_corner_has_javascripts_value(javascript):
    answers = javascript([(CODE, [expression]) for expression in EXPRESSIONS])
    ours = [evaluate(expression) for expression in EXPRESSIONS]
    wrong = [
        (expression, value, answer)
        for expression, value, answer in zip(EXPRESSIONS, ours, answers, strict=True)
        if answer != {"value": value} or isinstance(answer["value"], bool) is not isinstance(value, bool)
    ]
    assert wrong == []
