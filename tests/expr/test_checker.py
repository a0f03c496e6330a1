"""What is wrong with an expression before there is data."""

import pytest

from headrace.expr import Scope
from support.expression import problems, template_problems


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.user-id", ["1: HR206 unknown name `id` in `$.user-id`; for a dashed member write `$['user-id']`"]),
        ("$.a.user-id-x.b + 1",
         ["1: HR206 unknown name `id` in `$.a.user-id-x`; for a dashed member write `$.a['user-id-x']`"]),
        ("$.headers.content-type.trim()",
         ["1: HR206 unknown name `type` in `$.headers.content-type`; for a dashed member write `$.headers['content-type']`"]),
        ("$.user - id", ["10: HR206 unknown name `id`; for a member of the message write `$.id`"]),
        ("$.a.map(item => itm.id)", ["17: HR206 unknown name `itm`; did you mean `item`?"]),
        ("page + 1", ["1: HR206 unknown name `page`; for a member of the message write `$.page`"]),
        ("lower", ["1: HR206 `lower` is a function; call it: `lower(…)`"]),
        ("{lower}", ["2: HR206 `lower` is a function; call it: `lower(…)`"]),
        ("uper($.s) + lowr($.s)", [
            "1: HR204 unknown function `uper`; did you mean `upper`?",
            "13: HR204 unknown function `lowr`; did you mean `lower`?",
        ]),
        ("map($.a, x => x)", ["1: HR204 unknown function `map`; write `x.map(…)`"]),
        ("toFixed(1)", ["1: HR204 unknown function `toFixed`; write `x.toFixed(…)`"]),
        ("Math.foo(1)", ["1: HR204 unknown function `Math.foo`; did you mean `Math.floor`?"]),
        ("Round(1)", ["1: HR204 unknown function `Round`; did you mean `round`?"]),
        ("$.s.upper()", ["5: HR205 text has no method `upper`; use `toUpperCase()` or `upper(x)`"]),
        ("'a'.map(x => x)", ["5: HR205 text has no method `map`"]),
        ("[1].trim()", ["5: HR205 array has no method `trim`; use `trim(x)`"]),
        ("$.a.mapp(x => x)", ["5: HR205 there is no method `mapp`; did you mean `map`?"]),
        ("$.a.length()", ["5: HR205 there is no method `length`; use `length`, without parentheses"]),
        ("$.o.keys()", []),
        ("$.a.push(1)", ["5: HR213 `push` changes the array, and nothing can be changed here; write `[...array, item]`"]),
        ("round()", ["1: HR207 `round` takes 1 or 2 arguments, not 0"]),
        ("lower(1, 2)", ["1: HR207 `lower` takes 1 argument, not 2"]),
        ("$.a.map()", ["1: HR207 `.map` takes 1 argument, not 0"]),
        ("$.a.map(5)", ["9: HR207 `.map` takes an arrow here: `x => …`"]),
        ("$.a.map(contains)", ["9: HR207 `contains` needs 2 arguments, but gets the item alone; write an arrow"]),
        ("$.a.map(lowr)", ["9: HR206 unknown name `lowr`; did you mean `lower`?"]),
        ("x => 1", ["1: HR207 an arrow can only be an argument, `.map(x => …)`, or be called: `(x => …)(1)`"]),
        ("(x => 1)(2, 3)", ["1: HR207 the arrow takes 0 or 1 argument, not 2"]),
        ("[/a/]", ["2: HR210 a regular expression can only be an argument or have `.test(…)`"]),
        ("'a'.replace(/(?=a)/, '')", [
            "13: HR210 /(?=a)/ uses a lookahead `(?=…)`, which cannot be matched in linear time;"
            " match the surroundings too and take a group"
        ]),
        ("'a'.replace(/a/x, '')", ["13: HR214 `x` is no flag here; the flags are `g i m s u`, each once"]),
        ("$.secrets.token", [
            "1: HR120 secrets are readable in settings only; here the value would enter the message"
        ]),
        ("$['secrets']", ["1: HR120 secrets are readable in settings only; here the value would enter the message"]),
        ("$.a[?@.b == $.secrets.c]", [
            "13: HR120 secrets are readable in settings only; here the value would enter the message"
        ]),
        ("'a'.replace(/(a)/, (...all) => all[1])", [
            "24: HR207 the arrow of `.replace` names what it takes: `(match, group) => …`"
        ]),
        ("$.a[?@.b + 1]", ["6: HR201 a filter has no `+`; write `.filter(x => …)` (RFC 9535)"]),
        ("$.a[?@.* == 1]", [
            "6: HR201 a path with many matches is no single value; use `count(…)` or `value(…)` (RFC 9535)"
        ]),
        ("$.a.map(({b, c: {d}, ...e}, [f] = [b]) => b + d + e + f + g)", [
            "59: HR206 unknown name `g`; for a member of the message write `$.g`"
        ]),
        ("({a = b, b}) => 1", [
            "1: HR207 an arrow can only be an argument, `.map(x => …)`, or be called: `(x => …)(1)`",
            "7: HR206 unknown name `b`; for a member of the message write `$.b`",
        ]),
    ],
)  # fmt: skip
def test_findings(expression, expected):
    assert problems(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.secrets.token + $.vars.a + $vars.b", []),
        ("$.tenant", ["1: HR121 settings cannot see the message; move `$.tenant` to the node's `input`"]),
        ("$.tenant.id", ["1: HR121 settings cannot see the message; move `$.tenant` to the node's `input`"]),
        ("$", ["1: HR121 settings cannot see the message; `$` has only `vars` and `secrets` here"]),
        ("$[$vars.a]", ["1: HR121 settings cannot see the message; move `$[$vars.a]` to the node's `input`"]),
        ("$..token", ["1: HR121 settings cannot see the message; `$` has only `vars` and `secrets` here"]),
        ("$run.id", ["1: HR206 `$run` is known on edges and in `input` only"]),
        ("page", ["1: HR206 unknown name `page`"]),
    ],
)
def test_what_settings_may_read(expression, expected):
    assert problems(expression, Scope.SETTINGS) == expected


def test_findings_stand_at_their_line():
    template = "first\n  {{ lower($.a,\n     uper($.b)) }}\n{{ $json }}"
    assert template_problems(template) == [
        "2:6: HR207 `lower` takes 1 argument, not 2",
        "3:6: HR204 unknown function `uper`; did you mean `upper`?",
        "4:4: HR203 `$json` is n8n; write `$` for the message, as in `$.name`",
    ]
