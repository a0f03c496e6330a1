"""An error inside a callback names the item: where it stands, and its id."""

import pytest

from headrace.expr import Scope
from support.expression import failure

MESSAGE = {"u": [{"id": 7, "s": 1, "l": [1]}, {"id": 8, "l": [2, None]}], "n": [1, None]}
MISSING = "`u.s` is missing; `u` has `id`, `l`"


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("$.u.map(u => u.s + 1)", "`$.u[1]`, id 8"),
        ("$.u.map((u, i) => u.s + i)", "`$.u[1]`, id 8"),
        ("$.u.map((u, i, all) => u.s + i)", "`$.u[1]`, id 8"),
        ("$.u.map(({s}) => s + 1)", "`$.u[1]`, id 8"),
        ("$.u.filter(u => u.s > 1)", "`$.u[1]`, id 8"),
        ("$.u.find(u => u.s > 1)", "`$.u[1]`, id 8"),
        ("$.u.findLast(u => u.s > 1)", "`$.u[1]`, id 8"),
        ("$.u.every(u => u.s < 2)", "`$.u[1]`, id 8"),
        ("$.u.flatMap(u => u.l.map(x => x - 1))", "`$.u[1]`, id 8, then in `u.l[1]`"),
        ("$.u.reduce((sum, u) => sum + u.s, 0)", "`$.u[1]`, id 8"),
        ("$.u.reduceRight((sum, u) => sum + u.s, 0)", "`$.u[1]`, id 8"),
        ("$.u.sort((a, b) => a.s - b.s)", "the item with id 8 and the item with id 7"),
        ("sortBy($.u, u => u.s * 2)", "the item with id 8"),
        ("Object.groupBy($.u, u => u.s * 2)", "`$.u[1]`, id 8"),
        ("$.u.map(upper)", "`$.u[0]`, id 7"),
        ("$.n.map(x => x * 2)", "`$.n[1]`"),
        ("$.u.map(u => must(u.s, 'no s'))", "`$.u[1]`, id 8"),
        ("$.u.filter(u => u.id > 7).map(u => u.s - 1)", "item [0], id 8"),
        ("Array.from({length: 3}, (_, i) => 4 - i - (i > 1 ? $.no : i))", "item [2]"),
        ("range(3).map(a => range(3).map(b => range(3).map(c => [0].map(d => c + (a ? null : d)))))",
         "item [1], then in item [0], then in item [0]"),
    ],
)  # fmt: skip
def test_the_item_is_named(expression, where):
    assert failure(expression, MESSAGE).endswith(f" (in {where})")


def test_the_whole_message_reads_well():
    assert failure("$.u.map(u => u.s + 1)", MESSAGE) == (
        f"14: HR220 cannot add 1 to null: {MISSING} (in `$.u[1]`, id 8)"
    )


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"id": 5}, ", id 5"),
        ({"_id": "a1"}, ", _id a1"),
        ({"uuid": "c0ffee", "id": None}, ", uuid c0ffee"),
        ({"id": "x" * 50}, ""),
        ({"id": {"a": 1}}, ""),
        ({"id": True}, ""),
        ({"token": "secret", "name": "Ada"}, ""),
    ],
)
def test_a_record_is_known_by_its_id_and_by_no_other_member(item, name):
    assert failure("$.map(x => x.no + 1)", [item]).endswith(f"(in `$[0]`{name})")


@pytest.mark.parametrize(
    "expression",
    ["$.no.map(x => x)", "[$.no - 1].map(x => x)", "'abc'.replace(/b/, x => x - null)", "(x => x - null)(1)"],
)
def test_outside_of_callbacks_over_arrays_nothing_is_added(expression):
    assert " (in " not in failure(expression, MESSAGE)


def test_settings_tell_nothing_of_their_items():
    message = failure("$.vars.a.map(x => x.no + 1)", {"vars": {"a": [{"id": 5}]}}, Scope.SETTINGS)
    assert message == "19: HR220 cannot add 1 to null: `x.no` is missing; `x` has `id`"
