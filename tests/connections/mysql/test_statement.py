"""Parameters are put in as literals, only where MySQL reads parameters. Needs no server."""

import pytest

from headrace.connections.mysql.statement import with_literals
from headrace.connections.mysql.target import MysqlTarget
from headrace.errors import PermanentError, UsageError


@pytest.mark.parametrize(
    ("sql", "parameters", "sent"),
    [
        ("SELECT $1, $2", [1, "a"], "SELECT  1 ,  'a' "),
        ("SELECT $2+$1-$2", [1, 2], "SELECT  2 + 1 - 2 "),
        (
            "SELECT '$1', '\\'$1', '''$1' \"$1\", `$1```, $1",
            [7],
            "SELECT '$1', '\\'$1', '''$1' \"$1\", `$1```,  7 ",
        ),
        ("SELECT 1 -- $1\n, $1 # $1\n/* $1 '*/", [7], "SELECT 1 -- $1\n,  7  # $1\n/* $1 '*/"),
        ("SELECT 1--$1", [-7], "SELECT 1-- -7 "),
        ("SELECT a$1 FROM t$2 WHERE b = $1", [7], "SELECT a$1 FROM t$2 WHERE b =  7 "),
        ("SELECT '%s', $1 % 2", ["%s"], "SELECT '%s',  '%s'  % 2"),
        ("$1", [None], " NULL "),
        ("$1", [True], " TRUE "),
        ("$1", [2.0], " 2 "),
        ("$1", [1.5e-7], " 1.5e-07 "),
        ("$1", [1e300], " 1e+300 "),
        ("$1", [2**70], f" {2**70} "),
        ("$1", ['it\'s \\ "q" \n\0\x1a'], " 'it\\'s \\\\ \\\"q\\\" \\n\\0\\Z' "),
        ("$1", [{"a": ["ü"]}], ' \'{\\"a\\":[\\"ü\\"]}\' '),
        ("$1", ["$1 -- '"], " '$1 -- \\'' "),
    ],
)
def test_parameters_are_literals_where_they_are_parameters(sql, parameters, sent):
    assert with_literals(sql, parameters) == sent


@pytest.mark.parametrize(
    ("sql", "parameters", "said"),
    [
        ("SELECT $1", [], "takes 1 parameter, but `parameters` has 0"),
        ("SELECT '$1'", [1], "takes no parameters, but `parameters` has 1"),
        ("SELECT $1", [10**65], "more than 65 digits"),
        ("SELECT $1", ["\ud800"], "half of a surrogate pair"),
    ],
)
def test_what_does_not_fit_is_said(sql, parameters, said):
    with pytest.raises(PermanentError, match=said):
        with_literals(sql, parameters)


def test_a_url_is_read():
    url = "mysql://a%40b:p%2Fw@h:3307/d%20b?ssl-mode=require&ssl-ca=/c.pem"
    target = MysqlTarget.parse(url)
    assert target == MysqlTarget("h", 3307, "d b", "a@b", "p/w", "require", "/c.pem")
    assert "p/w" not in f"{target} {target.key}"
    assert MysqlTarget.parse("mariadb://h/d") == MysqlTarget("h", 3306, "d", "root")


@pytest.mark.parametrize(
    "url", ["mysql://u:geheim@h:x/d", "mysql://u:geheim@h/d?a=b", "mysql://u:geheim@h/?ssl-mode=allow"]
)
def test_a_url_that_cannot_be_read_is_not_shown(url):
    with pytest.raises(UsageError) as raised:
        MysqlTarget.parse(url)
    assert "geheim" not in str(raised.value)
