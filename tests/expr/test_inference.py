"""What is inferred of expressions: shapes of values, and doubts; readable cases. Soundness: `test_soundness`."""

import time

import pytest

from headrace.errors import Finding
from headrace.expr import Scope, compile_expression, compile_template
from headrace.expr.builtins import FUNCTIONS, METHODS
from headrace.expr.inference import Roots, infer
from headrace.expr.shape import ANY, NULL, Member, array_of, join, object_of, of, shape_of
from headrace.source import Text
from support.inference import doubts, inferred, told, written

TEXT, NUMBER = of("text"), of("number")
USER = object_of({"id": NUMBER, "email": TEXT, "name": Member(TEXT, optional=True)})
MESSAGE = object_of(
    {
        "page": NUMBER,
        "type": TEXT,
        "start": NULL,
        "done": of("boolean"),
        "cursor": TEXT.or_null(),
        "total": Member(NUMBER, optional=True),
        "context": object_of({"page": NUMBER, "users": array_of(USER)}),
        "users": array_of(USER),
        "names": array_of(TEXT.or_null()),
        "body": ANY,
    }
)

SHAPES = {
    # paths
    "$.page": "number",
    "$.total": "null|number",
    "$.nosuch": "null",
    "$.context.users": "[{id: number, email: text, name?: text}]",
    "$.users[0].email": "null|text",
    "$.users[-1]?.email": "null|text",
    "$['type'].length": "number",
    "$.type[0]": "null|text",
    "$.body.a.b": "any",
    "$.context['pa' + 'ge']": "null|number|[{id: number, email: text, name?: text}]",
    "$.nosuch?.x.y": "null",
    "$.users.length": "number",
    "$vars.size": "any",
    "$run": "{id: text, flow: text, trigger: text, startedAt: text, attempt: number}",
    # literals and construction
    "{a: 1, 'b c': [1, 'x'], d: null}": "{a: number, b c: [number|text], d: null}",
    "{...$.context, page: 'x', n: $.total}": "{page: text, users: [{id: number, email: text, name?: text}], n: null|number}",
    "{a: 1, ...$.body}": "{a: any, ...: any}",
    "{[$.type]: 1}": "{...: number}",
    "{a: 'x', ...{a: 1}, ...$.start}": "{a: number}",
    "[...$.names, 1]": "[null|number|text]",
    "[]": "[never]",
    "`${$.page}`": "text",
    # operators
    "$.page + 1": "number",
    "$.page + 'x'": "text",
    "$.body + 1": "number|text",
    "$.page > 1": "boolean",
    "$.page || 'x'": "number|text",
    "$.start || 'x'": "text",
    "$.cursor ?? 0": "number|text",
    "$.page ?? 'x'": "number",
    "$.users && 1": "number",
    "$.start && $.page": "null",
    "$.done ? 1 : 'x'": "number|text",
    "typeof $.body": "text",
    "!$.body": "boolean",
    # narrowing
    "$.total ? $.total : 'x'": "number|text",
    "$.total != null && $.total": "boolean|number",
    "$.total == null ? 'x' : $.total": "number|text",
    "typeof $.body == 'string' ? $.body : 1": "number|text",
    "typeof $.body === 'object' ? 1 : $.body": "null|boolean|number|text",
    "Array.isArray($.body) ? $.body : []": "array",
    "has($, 'nosuch') ? 'x' : 1": "number",
    "has($, 'page') ? 'x' : 1": "text",
    "$.cursor && $.cursor": "null|text",
    "!$.total ? 0 : $.total": "number",
    "$.total && $.cursor ? [$.total, $.cursor] : 0": "number|[number|text]",
    "!$.total || !$.cursor ? 0 : [$.total, $.cursor]": "number|[number|text]",
    "$.cursor === 'x' ? $.cursor : 1": "number|text",
    "$.body.a.b ? $.body.a : 'x'": "text|array|object",
    "typeof $.body === 'string' && $.body.length ? $.body : 1": "number|text",
    # arrows
    "$.users.map(u => u.id)": "[number]",
    "$.users.map((u, i, all) => [i, all.length, u.name])": "[[null|number|text]]",
    "$.users.map(({id, name = 'x', ...rest}) => ({id, name, rest}))": "[{id: number, name: null|text, rest: {email: text}}]",
    "$.users.entries().map(([i, u]) => u)": "[null|number|{id: number, email: text, name?: text}]",
    "$.names.filter(n => n)": "[text]",
    "$.names.filter(Boolean)": "[text]",
    "$.names.filter(n => n !== null && n.length > 2)": "[text]",
    "$.users.filter(u => u.name).map(u => u.name)": "[null|text]",
    "$.users.find(u => u.id == 1)": "null|{id: number, email: text, name?: text}",
    "$.users.some(u => u.id)": "boolean",
    "$.users.flatMap(u => [u.id, [u.email]])": "[number|[text]]",
    "$.users.reduce((sum, u) => sum + u.id, 0)": "number",
    "$.users.reduce((all, u) => [...all, u.id], [])": "[number]",
    "$.users.reduce((all, u) => 'x', 0)": "number|text",
    "$.users.reduce((all, u) => ({a: all}), 0)": "number|{a: any}",
    "$.users.reduce((all, u) => ({...all, [u.email]: u.id}), {})": "{...: number}",
    "$.users.sort((a, b) => a.id - b.id)[0]": "null|{id: number, email: text, name?: text}",
    "$.names.map(lower)": "[null|text]",
    "((a, b = 'x') => [a, b])($.page)": "[number|text]",
    "((a, b) => b)($.page)": "null",
    "((a, ...rest) => rest)($.page, $.type)": "[text]",
    "$.users.map(u => [$.names.map(u => 1), u.id])": "[[number|[number]]]",
    "$.users.filter(u => $.nosuch)": "[never]",
    # functions and methods
    "upper($.type)": "text",
    "upper($.cursor)": "null|text",
    "upper($.start)": "null",
    "int($.type)": "number",
    "int($.cursor, 'x')": "number|text",
    "coalesce($.start, $.total, 'x')": "number|text",
    "must($.cursor)": "text",
    "first($.users)": "null|{id: number, email: text, name?: text}",
    "sum($.users.map(u => u.id))": "number",
    "max($.users.map(u => u.id))": "null|number",
    "pick($.context, 'page', 'nosuch')": "{page: number}",
    "pick($.users, ['id'])": "[{id: number}]",
    "omit($.context, 'users')": "{page: number}",
    "merge($.context, {page: 'x'}, $.start)": "{page: text, users: [{id: number, email: text, name?: text}]}",
    "deepMerge({a: {b: 1}}, {a: {c: 2}})": "{a: {b: number, c: number}}",
    "get($, 'context.page')": "number",
    "get($, 'context.nosuch', 'x')": "text",
    "set($.context, 'a.b', 1)": "{page: number, users: [{id: number, email: text, name?: text}], a: {b: number}}",
    "groupBy($.users, 'email')": "{...: [{id: number, email: text, name?: text}]}",
    "countBy($.users, u => u.id)": "{...: number}",
    "diffBy($.users, [{id: 1}], 'id')": "{added: [{id: number}], removed: [{id: number, email: text, name?: text}], changed: [{id: number}], same: [{id: number}]}",
    "leftJoin($.users, [{id: 1, tag: 'x'}], 'id')": "[{id: number, email: text, name?: text, tag?: text}]",
    "indexBy($.names, n => n)": "{...: null|text}",
    "columns($.users, ['id', 'name'])": "[[null|number|text]]",
    "chunk($.names, 2)": "[[null|text]]",
    "compact($.names)": "[text]",
    "compact({a: null, b: $.cursor, c: 1})": "{b?: text, c: number}",
    "Object.values($.type)": "[text]",
    "deepMerge({a: 1}, $.cursor ? null : {b: 2})": "{a: number, b?: number}",
    "deepMerge({a: {b: 1}}, $.done ? {a: {c: 2}} : {})": "{a: {b?: number, c?: number}}",
    "pick($.body, 'a')": "[{a?: any}]|{a?: any}",
    "$.names.flat(2)": "[any]",
    "[[1, 'x']].flat()": "[number|text]",
    "$.users.reduce((a, u) => 'x')": "text|{id: number, email: text, name?: text}",
    "$.body.concat(1)": "text|[any]",
    "$.names.with(0, 1)": "[null|number|text]",
    "$.names.toSpliced(0, 1, true)": "[null|boolean|text]",
    "zip([1], ['x', 'y'])": "[[null|number|text]]",
    "Array.from($.body)": "[any]",
    "Array.from($.type)": "[text]",
    "get($.done ? {a: 1} : 5, 'a')": "null|number",
    "keys($.context)": "[text]",
    "Object.entries($.context).length": "number",
    "Object.fromEntries($.users.map(u => [u.email, 1]))": "{...: null|number|text}",
    "JSON.parse($.type).a": "any",
    "JSON.stringify($)": "text",
    "fail('x')": "never",
    "$.type.split(',')": "[text]",
    "$.type.match(/a(b)/)": "null|[null|text]",
    "$.names.at(-1)": "null|text",
    "$.names.concat(1, [true])": "[null|boolean|number|text]",
    "Math.max(...$.users.map(u => u.id))": "number",
    "$.users?.map(u => u.id)": "[number]",
    "$.users.find(u => u.id == 1)?.email?.length": "null|number",
    "$.body.rows.map(r => r.id)": "[any]",
    # JSONPath
    "$.users[*].id": "[number]",
    "$.users[?(@.id > 1)]": "[{id: number, email: text, name?: text}]",
    "$.users[*].nosuch": "[never]",
    "$..id": "[any]",
    "$.context.*": "[number|[{id: number, email: text, name?: text}]]",
}


@pytest.mark.parametrize("expression", SHAPES)
def test_the_shape_of(expression):
    assert inferred(expression, MESSAGE) == SHAPES[expression]


HAS = "message has `page`, `type`, `start`, `done`, `cursor`, `total`, `context`, `users`, `names`, `body`"

DOUBTS = {
    # a member that cannot be there: an error where null must fail, else a warning
    "$.nosuch": [f"1: absent `$.nosuch` is never set; {HAS}"],
    "$.nosuch + 1": [f"1: absent! `$.nosuch` is never set; {HAS}"],
    "1 < $.nosuch": [f"5: absent! `$.nosuch` is never set; {HAS}"],
    "'x' + $.nosuch": [f"7: absent `$.nosuch` is never set; {HAS}"],
    "$.body + $.nosuch": [f"10: absent `$.nosuch` is never set; {HAS}"],
    "$.context.totalProcessed + 1": [
        "1: absent! `$.context.totalProcessed` is never set; `context` has `page`, `users`"
    ],
    "$.context.a.b.c": ["1: absent `$.context.a` is never set; `context` has `page`, `users`"],
    "$.context.a.b.map(x => x)": ["1: absent! `$.context.a` is never set; `context` has `page`, `users`"],
    "[...$.nosuch]": [f"5: absent! `$.nosuch` is never set; {HAS}"],
    "{...$.nosuch}": [f"5: absent `$.nosuch` is never set; {HAS}"],
    "round($.nosuch)": [f"7: absent! `$.nosuch` is never set; {HAS}"],
    "upper($.nosuch)": [f"7: absent `$.nosuch` is never set; {HAS}"],
    "hasprefix($.body, $.nosuch)": [f"19: absent `$.nosuch` is never set; {HAS}"],
    "hasprefix($.type, $.nosuch)": [f"19: absent! `$.nosuch` is never set; {HAS}"],
    "$.type.includes($.nosuch)": [f"17: absent! `$.nosuch` is never set; {HAS}"],
    "$.names.includes($.nosuch)": [f"18: absent `$.nosuch` is never set; {HAS}"],
    "$.nosuch == 'x'": [f"1: absent `$.nosuch` is never set; {HAS}"],
    "$.body[$.nosuch]": [f"8: absent! `$.nosuch` is never set; {HAS}"],
    "$.nosuch[$.type] + 1": [f"1: absent! `$.nosuch` is never set; {HAS}"],
    "[$.users[0]?.email, $.nosuch]": [f"21: absent `$.nosuch` is never set; {HAS}"],
    "must($.nosuch, 'x')": [f"6: absent! `$.nosuch` is never set; {HAS}"],
    "($.nosuch).a": [f"2: absent `$.nosuch` is never set; {HAS}"],
    "$.users.id": ["1: absent `$.users` is an array, which has no member `id`"],
    "$.names[0].x": ["1: absent `$.names[0]` is text or null, which has no member `x`"],
    "$.page.x": ["1: absent `$.page` is a number, which has no member `x`"],
    "$run.started": [
        "1: absent `$run.started` is never set; `$run` has `id`, `flow`, `trigger`, `startedAt`, `attempt`"
    ],
    "$.users[0].mail": ["1: absent `$.users[0].mail` is never set; the object has `id`, `email`, `name`"],
    "$.users.map(u => u.mail)": ["18: absent? `u.mail` is never set; `u` has `id`, `email`, `name`"],
    "$.users.map(u => u.mail.length)": ["18: absent? `u.mail` is never set; `u` has `id`, `email`, `name`"],
    "$.users.map(({mail}) => mail.trim())": [
        "15: absent!? `mail` is never set; the object has `id`, `email`, `name`"
    ],
    "$.users.map(({mail}) => mail.trim() + mail.trim())": [
        "15: absent!? `mail` is never set; the object has `id`, `email`, `name`"
    ],
    "$.users.map(({mail}) => [mail, mail.trim()])": [
        "15: absent? `mail` is never set; the object has `id`, `email`, `name`",
        "15: absent!? `mail` is never set; the object has `id`, `email`, `name`",
    ],
    "sortBy($.users, u => u.mail)": ["22: absent? `u.mail` is never set; `u` has `id`, `email`, `name`"],
    "$.users[*].mail": ["1: absent? `$.users[*].mail` is never set; the object has `id`, `email`, `name`"],
    "pick($.context, 'page').users": [
        "1: absent `pick($.context, 'page').users` is never set; the object has `page`"
    ],
    "{a: 1}.b": ["1: absent `{a: 1}.b` is never set; the object has `a`"],
    # in a branch
    "$.done ? $.nosuch : 1": [f"10: absent? `$.nosuch` is never set; {HAS}"],
    "($.done ? $.nosuch : 1) + 1": [f"11: absent!? `$.nosuch` is never set; {HAS}"],
    "$.done && $.nosuch": [f"11: absent? `$.nosuch` is never set; {HAS}"],
    "$.cursor || $.nosuch": [f"13: absent? `$.nosuch` is never set; {HAS}"],
    "$.body?.[$.nosuch]": [f"10: absent!? `$.nosuch` is never set; {HAS}"],
    # always null
    "$.start + 1": ["1: null! `$.start` is always null, and `+` takes numbers or text"],
    "$.start.year": ["1: null `$.start` is always null"],
    "$.start.map(x => x)": ["1: null! `$.start` is always null, so `.map` cannot run"],
    # another kind
    "$.page.toUpperCase()": ["1: type! `$.page` is a number, which has no method `toUpperCase`"],
    "$.type.map(x => x)": ["1: type! `$.type` is text, which has no method `map`"],
    "$.context + 1": ["1: type! `$.context` is an object, and `+` takes numbers or text"],
    "-$.users": ["2: type! `$.users` is an array, and `-` takes numbers"],
    "upper($.page)": ["7: type! `$.page` is a number, and `upper` takes text"],
    "upper($.nosuch ?? 5)": ["7: type! `$.nosuch ?? 5` is a number, and `upper` takes text"],
    "sum($.page)": ["5: type! `$.page` is a number, and `sum` takes an array"],
    "[...$.page]": ["5: type! `$.page` is a number, and only arrays and text can be spread into an array"],
    "$.type.trim": ["1: type! `.trim` is a method; call it: `.trim(…)`"],
    "$.users.map(u => u.id.trim())": ["18: type!? `u.id` is a number, which has no method `trim`"],
    "$.users.reduce((sum, u) => sum + u.id.trim(), 0)": [
        "34: type!? `u.id` is a number, which has no method `trim`"
    ],
    "$.users.map(lower)": ["13: type!? `lower` is an object, and `lower` takes text"],
    "{[$.users]: 1}": ["3: type! `$.users` is an array, and it cannot be the name of a member"],
}


@pytest.mark.parametrize("expression", DOUBTS)
def test_there_is_a_doubt_in(expression):
    assert told(expression, MESSAGE) == DOUBTS[expression]


SILENT = [
    # guarded operands
    "$.nosuch || 1", "$.nosuch ?? 1", "$.nosuch?.x.y", "$.nosuch?.map(x => x)", "$.nosuch ? 1 : 2", "!$.nosuch",
    "typeof $.nosuch.x", "$.nosuch == null", "null !== $.nosuch", "$.nosuch == undefined", "has($.nosuch)",
    "has($.nosuch, 'a')", "get($.nosuch, 'a')", "coalesce($.nosuch, $.start)", "$.context.a.b || 1", "($.nosuch.a || 1) + 1",
    "int($.nosuch, 0)", "jsonparse($.nosuch, {})", "not($.nosuch)", "Boolean($.nosuch)", "$.a && $.b || $.c || 1",
    "$.users.filter(u => u.mail)", "$.users.find(u => !u.mail)", "$.users.map(u => u.mail || 'x')",
    "$.users.map(({mail = 'x'}) => mail + 1)", "$.users.map(({mail}) => 1)", "$.users.map(({mail}) => mail ?? 1)",
    # what may be there
    "$.total + 1", "$.cursor.trim()", "$.users[0].name.trim()", "$.body.x.y + 1", "$.body.map(x => x.y + 1)",
    # never reached
    "$.nosuch ? $.nosuch.a + 1 : 1", "$.nosuch && $.nosuch.a + 1", "$.start == null ? 1 : $.start.a + 1",
    "typeof $.nosuch == 'undefined' ? 1 : $.nosuch + 1", "has($, 'nosuch') ? $.nosuch + 1 : 1", "$.users ? 1 : $.nosuch + 1",
    "Array.isArray($.page) ? $.page.map(x => x) : $.page", "$.nosuch != null && $.nosuch + 1 > 2", "[].map(x => x.a + 1)",
    "!$.nosuch || $.nosuch + 1", "$.nosuch?.map(x => $.alsonot + 1)", "$.page ?? $.nosuch",
    # fine in JavaScript, and here
    "'x' + $.users", "$.page + true", "$.page.toFixed(2)", "$.page == 'x'", "$.users == 1", "`${$.users}`",
    "$.start", "{a: $.start}", "[$.start]", "$.type + $.start", "{...$.start}", "upper($.start)", "$.type < $.page",
    "$.done + 1", "$.body.length", "$.users.length + 1", "$.names.join($.start)", "len($.start)",
    "leftJoin($.users, [{tag: 'x'}], item => item.tag)", "diffBy($.users, [{tag: 'x'}], item => item.tag)",
]  # fmt: skip


@pytest.mark.parametrize("expression", SILENT)
def test_there_is_no_doubt_in(expression):
    assert told(expression, MESSAGE) == []


def test_a_doubt_knows_the_member_the_object_that_lacks_it_and_its_place():
    message = object_of({"context": object_of({"page": NUMBER}, origins=["extract -> iterate"])})
    _, (doubt,) = doubts("1 + ($.context.totalProcessed.x * 2)", message)
    assert (
        doubt.name,
        sorted(doubt.owner.members),
        doubt.owner.origins,
        doubt.source,
        doubt.span.column,
    ) == (
        "totalProcessed",
        ["page"],
        {"extract -> iterate"},
        "$.context.totalProcessed",
        6,
    )


def test_objects_that_an_expression_builds_are_of_its_origin_but_what_it_spreads_is_not():
    message = object_of({"context": object_of({"page": NUMBER}, origins=["before"])})
    origins = {}
    for expression in (
        "{a: 1}",
        "{...$.context, a: 1}",
        "pick($.context, 'page')",
        "{a: 1, ...$.context, ...{b: 2}}",
    ):
        findings: list[Finding] = []
        template = compile_expression(Text.bare(expression), Scope.EDGE, findings)
        origins[expression] = infer(template, Roots(message), origin="here").object.origins
    assert origins == {
        "{a: 1}": {"here"},
        "{...$.context, a: 1}": {"before"},
        "pick($.context, 'page')": {"before", "here"},
        "{a: 1, ...$.context, ...{b: 2}}": {"before", "here"},
    }


def test_a_template_gives_what_its_mapping_says():
    findings: list[Finding] = []
    tree = {
        "page": Text.bare("{{$.page + 1}}"),
        "title": Text.bare("page {{$.page}} of {{$.total}}"),
        "fixed": 1,
        "list": [Text.bare("x"), Text.bare("{{$.users}}")],
    }
    template = compile_template(tree, Scope.EDGE, findings)
    found = infer(template, Roots(MESSAGE), origin="edge")
    assert written(found) == (
        "{page: number, title: text, fixed: number, list: [text|[{id: number, email: text, name?: text}]]}"
    )
    assert found.object.origins == {"edge"}


def test_what_only_a_sample_says_is_no_certain_doubt_and_excludes_nothing():
    known = {"data": [{"id": 1}], "next": None, "count": 3}
    sample = shape_of(known, certain=False, origins=["sample"])
    message = object_of({"page": NUMBER, "response": object_of({"bodyJson": sample})})
    assert told("$.response.bodyJson.rows + 1", message) == [
        "1: absent!? `$.response.bodyJson.rows` is never set; `bodyJson` has `data`, `next`, `count`"
    ]
    assert told("$.response.bodyJson.rows.deep.er", message) == [
        "1: absent? `$.response.bodyJson.rows` is never set; `bodyJson` has `data`, `next`, `count`"
    ]
    assert told("$.response.bodyJson.count.trim()", message) == [
        "1: type!? `$.response.bodyJson.count` is a number or null, which has no method `trim`"
    ]
    assert told("$.response.bodyJson.data[$.page].trim()", message) == [
        "1: type!? `$.response.bodyJson.data[$.page]` is an object or null, which has no method `trim`"
    ]
    assert told("$.response.bodyJson.next.trim()", message) == []
    assert inferred("$.response.bodyJson.rows", message) == "any"
    assert inferred("has($.response.bodyJson, 'rows') ? 1 : 'x'", message) == "number|text"


def test_the_source_of_a_doubt_is_whole_up_to_60_characters():
    for length, shown in ((58, "$." + "a" * 58), (59, "$." + "a" * 57 + "…")):
        _, (doubt,) = doubts("$." + "a" * length, object_of({"x": TEXT}))
        assert (doubt.source, doubt.message) == (shown, f"`{shown}` is never set; message has `x`")


def test_settings_are_called_settings():
    findings: list[Finding] = []
    template = compile_expression(Text.bare("$.vars.sise + 1"), Scope.SETTINGS, findings)
    found = []
    roots = Roots(object_of({"vars": object_of({"size": NUMBER}), "secrets": object_of({})}))
    infer(template, roots, report=found.append)
    assert [doubt.message for doubt in found] == ["`$.vars.sise` is never set; `vars` has `size`"]


def test_several_kinds_are_told_in_one_sentence():
    message = object_of({"x": join(array_of(TEXT), object_of({})).or_null()})
    assert told("$.x + 1", message) == [
        "1: type! `$.x` is an object, an array or null, and `+` takes numbers or text"
    ]


def test_every_expression_is_observed_with_its_shape():
    findings: list[Finding] = []
    text = "$.users.filter(u => u.id > 1)[0]?.email || has($, 'page') && $.names.map(({length: n}) => n)"
    template = compile_expression(Text.bare(text), Scope.EDGE, findings)
    seen = {}
    infer(
        template,
        Roots(MESSAGE),
        observe=lambda node, shape: seen.update({text[node.start : node.end]: written(shape)}),
    )
    user = "{id: number, email: text, name?: text}"
    assert {source: seen[source] for source in seen if source != "$"} == {
        "$.users": f"[{user}]",
        "u": user,
        "u.id": "number",
        "1": "number",
        "u.id > 1": "boolean",
        "$.users.filter(u => u.id > 1)": f"[{user}]",
        "0": "number",
        "$.users.filter(u => u.id > 1)[0]": f"null|{user}",
        "$.users.filter(u => u.id > 1)[0]?.email": "null|text",
        "'page'": "text",
        "has($, 'page')": "boolean",
        "$.names": "[null|text]",
        "n": "number",
        "$.names.map(({length: n}) => n)": "[number]",
        "has($, 'page') && $.names.map(({length: n}) => n)": "boolean|[number]",
        text: "boolean|text|[number]",
    }


def test_what_stands_behind_a_question_mark_is_observed_as_null_too():
    findings: list[Finding] = []
    text = "$.users[0]?.email.length"
    seen = {}
    infer(
        compile_expression(Text.bare(text), Scope.EDGE, findings),
        Roots(MESSAGE),
        observe=lambda node, shape: seen.update({text[node.start : node.end]: written(shape)}),
    )
    assert (seen["$.users[0]?.email"], seen[text]) == ("null|text", "null|number")


def test_folds_within_folds_are_gone_through_a_few_times_only():
    text = "1"
    for depth in range(12):
        text = f"$.users.reduce((s{depth}, u{depth}) => ({{a: s{depth}, b: {text}}}), {{}})"
    findings: list[Finding] = []
    template = compile_expression(Text.bare(text), Scope.EDGE, findings)
    shape = infer(template, Roots(MESSAGE))
    assert (findings, shape.kinds) == ([], {"object"})


def test_parts_that_are_shared_many_times_are_seen_once():
    text = f"$.done ? {'[$]' + '.map(x => ({a: x, b: x}))' * 90} : {'[$]' + '.map(x => ({a: x, b: x}))' * 90}"
    assert inferred(f"({text}).length", MESSAGE) == "number"


def test_many_expressions_are_quick():
    findings: list[Finding] = []
    templates = [compile_expression(Text.bare(text), Scope.EDGE, findings) for text in SHAPES]
    started = time.process_time()
    for _ in range(20):
        for template in templates:
            infer(template, Roots(MESSAGE))
    assert time.process_time() - started < 1.5  # 2,000 expressions; a tenth of it on a machine of its own


@pytest.mark.parametrize("table", [FUNCTIONS, METHODS], ids=["functions", "methods"])
def test_calls_that_are_wrong_have_a_shape_too(table):
    # Editors ask for it while people write.
    for name, entry in table.items():
        for arguments in (
            "",
            "$.users",
            "1, 2, 3, 4, 5, 6",
            "x => x",
            "...$.users",
            "...$.users, x => x",
            "/a/, lower",
            "set",
        ):
            call = f"{name}({arguments})" if table is FUNCTIONS else f"$.body.{name}({arguments})"
            findings: list[Finding] = []
            template = compile_expression(Text.bare(call), Scope.EDGE, findings)
            shape = infer(template, Roots(MESSAGE), report=lambda _: None, observe=lambda *_: None)
            assert shape.kinds <= ANY.kinds, (call, entry)


def test_names_functions_and_methods_that_do_not_exist_may_be_anything():
    shapes = {}
    for text in ("nosuch(1)", "$.page.nosuch(x => x)", "nosuch.a", "[x => x]", "$.users.map(nosuch)"):
        template = compile_expression(Text.bare(text), Scope.EDGE, [])
        shapes[text] = written(infer(template, Roots(MESSAGE)))
    assert shapes == {
        "nosuch(1)": "any",
        "$.page.nosuch(x => x)": "any",
        "nosuch.a": "any",
        "[x => x]": "[any]",
        "$.users.map(nosuch)": "[any]",
    }
