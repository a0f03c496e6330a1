"""JSONPath: paths that give an array of all their matches (RFC 9535)."""

import pytest

from support.expression import evaluate

STORE = {
    "book": [
        {"category": "reference", "author": "Nigel Rees", "price": 8.95},
        {"category": "fiction", "author": "Evelyn Waugh", "price": 12.99},
        {"category": "fiction", "author": "Herman Melville", "isbn": "0-553-21311-3", "price": 8.99},
        {"category": "fiction", "author": "J. R. R. Tolkien", "isbn": "0-395-19395-8", "price": 22.99},
    ],
    "bicycle": {"color": "red", "price": 399},
}
AUTHORS = [book["author"] for book in STORE["book"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # the examples of RFC 9535, section 1.5
        ("$.store.book[*].author", AUTHORS),
        ("$..author", AUTHORS),
        ("$.store.*", [STORE["book"], STORE["bicycle"]]),
        ("$.store..price", [8.95, 12.99, 8.99, 22.99, 399]),
        ("$..book[2].author", [AUTHORS[2]]),
        ("$..book[2].publisher", []),
        ("$..book[-1].author", [AUTHORS[3]]),
        ("$..book[0, 1].author", AUTHORS[:2]),
        ("$..book[:2].author", AUTHORS[:2]),
        ("$..book[?@.isbn].author", AUTHORS[2:]),
        ("$..book[?@.price < 10].author", [AUTHORS[0], AUTHORS[2]]),
        # slices, unions, both quotes
        ("$.store.book[::-1].price", [22.99, 8.99, 12.99, 8.95]),
        ("$.store.book[1:4:2].price", [12.99, 22.99]),
        ("$.store.book[-2:].price", [8.99, 22.99]),
        ("$.store.book[::0]", []),
        ("$.store['bicycle', \"nothing\"].color", ["red"]),
        ("$.store.book[0, 0, -1].price", [8.95, 8.95, 22.99]),
        ("$.store.bicycle[*]", ["red", 399]),
        ("$.store..[?@.color].color", ["red"]),
        ("$.store..['color', 'isbn']", ["0-553-21311-3", "0-395-19395-8", "red"]),
        # filters
        ("$..book[?(@.price > 8.95 && @.price < 20)].price", [12.99, 8.99]),
        ("$..book[?!@.isbn || @.price == 22.99].price", [8.95, 12.99, 22.99]),
        ("$..book[?@.nothing == @.none].price", [8.95, 12.99, 8.99, 22.99]),
        ("$..book[?@.nothing < 1].price", []),
        ("$..book[?@['category'] != 'fiction'].price", [8.95]),
        ("$..book[?@.price >= $.limit].price", [22.99]),
        ("$..book[?length(@.author) == 12].price", [12.99]),
        ("$..book[?count(@.*) > 3].price", [8.99, 22.99]),
        ("$..book[?match(@.author, 'J.*')].price", [22.99]),
        ("$..book[?search(@.author, 'Re*')].price", [8.95, 22.99]),
        ("$..book[?match(@.author, '(')].price", []),
        ("$.store[?value(@..color) == 'red'].price", [399]),
        ("$.list[?@ > 1]", [2, 3]),
        ("$.list[?@ == true]", []),
        # missing values, parentheses, calls
        ("$.nothing[*].a", []),
        ("$.limit[*]", []),
        ("($.store.book[*].author)[0]", AUTHORS[0]),
        ("$.store.book[*].price.map(price => price > 10)", [False, True, False, True]),
        ("$.store.book[*].author.at(-1)", AUTHORS[3]),
        ("len($.store.book[*])", 4),
        ("[$.store].map(s => s.book[*].isbn)", [["0-553-21311-3", "0-395-19395-8"]]),
        ("$.list[*] ? 1 : 2", 1),
    ],
)
def test_a_path_gives_its_matches(expression, expected):
    assert evaluate(expression, {"store": STORE, "limit": 13, "list": [1, 2, 3]}) == expected
