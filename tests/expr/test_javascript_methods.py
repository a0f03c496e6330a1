"""Methods of text, arrays and regular expressions as JavaScript has them: random calls, the same in node."""

import random

import pytest

from headrace.expr.builtins import METHODS
from headrace.expr.failure import Failure
from headrace.expr.regex import compile_pattern

RANDOM = random.Random(20260103)


def subject() -> str:
    return "".join(RANDOM.choice("abAB ,-é\tß1") for _ in range(RANDOM.randrange(9)))


def part() -> str:
    return "".join(RANDOM.choice("abA,") for _ in range(RANDOM.randrange(3)))


def index() -> int | float:
    return RANDOM.choice((RANDOM.randrange(-9, 10), RANDOM.randrange(-3, 3) + 0.5))


def item() -> object:
    return RANDOM.choice((1, 2, 10, 2.5, -1, 0, "a", "b", "10", "", True, False, "ab"))


def array() -> list[object]:
    return [item() for _ in range(RANDOM.randrange(7))]


def nested(depth: int = 3) -> list[object]:
    return [
        nested(depth - 1) if depth and RANDOM.random() < 0.4 else item() for _ in range(RANDOM.randrange(4))
    ]


def optional(*makers):
    """The makers' values, the last ones left out at times."""
    return [make() for make in makers[: RANDOM.randrange(len(makers) + 1)]]


TEXT_CALLS = {
    "toUpperCase": list,
    "toLowerCase": list,
    "trim": list,
    "trimStart": list,
    "trimEnd": list,
    "split": lambda: optional(part, index),
    "substring": lambda: [index(), *optional(index)],
    "substr": lambda: [index(), *optional(index)],
    "slice": lambda: optional(index, index),
    "at": lambda: [index()],
    "charAt": lambda: optional(index),
    "startsWith": lambda: [part(), *optional(index)],
    "endsWith": lambda: [part(), *optional(index)],
    "includes": lambda: [part(), *optional(index)],
    "indexOf": lambda: [part(), *optional(index)],
    "lastIndexOf": lambda: [part(), *optional(index)],
    "padStart": lambda: [index(), *optional(part)],
    "padEnd": lambda: [index(), *optional(part)],
    "repeat": lambda: [RANDOM.randrange(4)],
    "concat": lambda: optional(part, index, part),
    "replace": lambda: [
        part(),
        RANDOM.choice(("x", "$$", "[$&]", "$`", "$'", "$1", "$", "a$", "$$1", "$<n>")),
    ],
    "replaceAll": lambda: [part(), RANDOM.choice(("x", "", "$$", "[$&]", "$`", "$'", "$1", "$"))],
}

ARRAY_CALLS = {
    "slice": lambda: optional(index, index),
    "at": lambda: [index()],
    "concat": lambda: optional(array, item, array),
    "indexOf": lambda: [item(), *optional(index)],
    "lastIndexOf": lambda: [item(), *optional(index)],
    "includes": lambda: [item(), *optional(index)],
    "join": lambda: optional(part),
    "reverse": list,
    "toReversed": list,
    "fill": lambda: [item(), *optional(index, index)],
    "toSpliced": lambda: optional(index, index, item, item),
    "sort": list,
}

PATTERNS = [
    "a", "a*", "", r"\b", "^", "$", "^a", r"\d+", r"(a)(b)?", r"([a-b]+)-?", r"[^ab]", r"\s", r"\S+",
    r"a|b", "a+?", r"(?:a|b){1,2}", r"(?<first>a)(?<second>.)", r"\u0061", r"\x61", "é", r"[\w-]+",
    r"[\s,]", "[]", "[^]", "{", "a{,2}", r"[\]a]", r"\cI", "[\\b]", ".", r"\W", r"[\S]", "(a)|(b)",
    "a{0}", r"\/", r"[/]", "(?:)", r"\$", "x*?", "[a-]", r"[\d-x]", "(()a)", r"\t",
]  # fmt: skip


def answer(call, *arguments):
    try:
        return {"value": call(*arguments)}
    except Failure as failure:
        return {"error": failure.code}


@pytest.mark.parametrize("name", TEXT_CALLS)
def test_methods_of_text_are_those_of_javascript(javascript, name):
    cases = [(subject(), *TEXT_CALLS[name]()) for _ in range(300)]
    answers = javascript([(f"(s, ...a) => s.{name}(...a)", case) for case in cases])
    ours = [answer(METHODS[name].calls["text"], *case) for case in cases]
    assert list(zip(cases, answers, strict=True)) == list(zip(cases, ours, strict=True))


@pytest.mark.parametrize("name", ARRAY_CALLS)
def test_methods_of_arrays_are_those_of_javascript(javascript, name):
    cases = [(array(), *ARRAY_CALLS[name]()) for _ in range(300)]
    answers = javascript([(f"(s, ...a) => s.{name}(...a)", case) for case in cases])
    ours = [answer(METHODS[name].calls["array"], *case) for case in cases]
    assert list(zip(map(repr, cases), map(repr, answers), strict=True)) == list(
        zip(map(repr, cases), map(repr, ours), strict=True)
    )


def test_nested_arrays_flatten_and_print_as_in_javascript(javascript):
    cases = [(nested(), RANDOM.randrange(4)) for _ in range(300)]
    flat = javascript([("(a, n) => [a.flat(n), a.toString()]", case) for case in cases])
    calls = METHODS["flat"].calls["array"], METHODS["toString"].calls["array"]
    assert [one["value"] for one in flat] == [[calls[0](*case), calls[1](case[0])] for case in cases]


CALLBACKS = [
    ("map", "(x, i) => [x, i]", lambda x, i, _: [x, i]),
    ("filter", "(x, i) => i % 2", lambda x, i, _: i % 2),
    ("find", "x => x === 'a'", lambda x, i, _: x == "a"),
    ("findIndex", "x => x", lambda x, i, _: x),
    ("findLast", "(x, i) => i < 2", lambda x, i, _: i < 2),
    ("findLastIndex", "x => x", lambda x, i, _: x),
    ("some", "x => x === 2", lambda x, i, _: x == 2),
    ("every", "x => x", lambda x, i, _: x),
    ("flatMap", "(x, i) => i % 2 ? [x, [x]] : x", lambda x, i, _: [x, [x]] if i % 2 else x),
    ("reduce", "(a, x, i) => [a, x, i]", lambda a, x, i, _: [a, x, i]),
    ("reduceRight", "(a, x, i) => [a, x, i]", lambda a, x, i, _: [a, x, i]),
]


@pytest.mark.parametrize(("name", "code", "callback"), CALLBACKS)
def test_methods_with_callbacks_are_those_of_javascript(javascript, name, code, callback):
    arrays = [[1, *array()] for _ in range(100)]
    answers = javascript([(f"s => s.{name}({code})", [items]) for items in arrays])
    call = METHODS[name].calls["array"]
    assert [repr(one) for one in answers] == [repr({"value": call(items, callback)}) for items in arrays]


def test_comparators_sort_as_in_javascript(javascript):
    arrays = [[[RANDOM.randrange(4), n] for n in range(RANDOM.randrange(40))] for _ in range(60)]
    answers = javascript([("s => s.sort((a, b) => b[0] - a[0])", [items]) for items in arrays])
    sort = METHODS["sort"].calls["array"]
    assert [one["value"] for one in answers] == [sort(items, lambda a, b: b[0] - a[0]) for items in arrays]


def regex_cases(count: int, flags=("", "g", "i", "gi", "s", "gs")):
    return [(RANDOM.choice(PATTERNS), RANDOM.choice(flags), subject()) for _ in range(count)]


def test_regular_expressions_match_as_in_javascript(javascript):
    cases = regex_cases(2500)
    code = """(p, f, s) => {
      const r = new RegExp(p, f), m = s.match(r);
      return [m && [...m], s.search(r), new RegExp(p, f).test(s),
        f.includes('g') ? [...s.matchAll(r)].map(x => [...x]) : null].map(x =>
          JSON.parse(JSON.stringify(x, (k, v) => v === undefined ? null : v)));
    }"""
    answers = javascript([(code, case) for case in cases])

    def ours(source, flags, value):
        pattern = compile_pattern(source, flags)
        return [
            METHODS["match"].calls["text"](value, pattern),
            METHODS["search"].calls["text"](value, pattern),
            METHODS["test"].calls["pattern"](pattern, value),
            METHODS["matchAll"].calls["text"](value, pattern) if "g" in flags else None,
        ]

    expected = [(case, one["value"]) for case, one in zip(cases, answers, strict=True)]
    assert expected == [(case, ours(*case)) for case in cases]


def test_regular_expressions_split_and_replace_as_in_javascript(javascript):
    templates = ["x", "[$&]", "$1", "<$2$1>", "$01", "$10", "$<first>", "$$", "$`|", "$'", "$0", "$", "$3"]
    cases = [(*case, RANDOM.choice(templates), RANDOM.randrange(5)) for case in regex_cases(2500)]
    code = """(p, f, s, t, n) => [
      s.split(new RegExp(p, f)).map(x => x === undefined ? null : x), s.split(new RegExp(p, f), n).length,
      s.replace(new RegExp(p, f), t), s.replace(new RegExp(p, f), (...a) => JSON.stringify(a.slice(0, 2))),
    ]"""
    answers = javascript([(code, case) for case in cases])
    split, replace = METHODS["split"].calls["text"], METHODS["replace"].calls["text"]

    def called(match, *rest):
        first = rest[0]
        return '["' + match.replace("\t", "\\t") + '",' + ("null" if first is None else f'"{first}"') + "]"

    for case, one in zip(cases, answers, strict=True):
        source, flags, value, template, limit = case
        pattern = compile_pattern(source, flags)
        own = [split(value, pattern), len(split(value, pattern, limit)), replace(value, pattern, template)]
        assert (case, one["value"][:3]) == (case, own)
        if pattern.names or "(" not in source.replace("(?", ""):
            continue
        assert (case, one["value"][3]) == (case, replace(value, pattern, called))
