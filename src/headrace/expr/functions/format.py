"""Formats of text that hold values: CSV (RFC 4180), JSON Lines, URLs (RFC 3986)."""

import csv
import io
from collections import Counter
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from headrace.expr.argument import MAX_TEXT, array, count_items, count_text, object_, quoted, text, textual
from headrace.expr.entry import function
from headrace.expr.failure import Failure
from headrace.expr.functions.json import parse_json
from headrace.expr.functions.result.value import read_csv, url_parts
from headrace.expr.signature import Function
from headrace.expr.text import stringify, to_text
from headrace.values import Json

__all__ = ["TABLE"]

# What ECMA-262 (19.2.6) leaves as it is, besides letters and digits; `quote` never touches `_.-~`.
_COMPONENT = "!*'()"
_URI = _COMPONENT + ";/?:@&=+$,#"

# csv refuses fields over 128 KiB unless told; ours are bounded by the text itself.
csv.field_size_limit(MAX_TEXT)


def _delimiter(name: str, value: Json, position: int) -> str:
    if value is None:
        return ","
    sign = text(name, value, position)
    if len(sign) != 1 or sign in '\r\n"':
        raise Failure("HR214", f"`{name}` takes a delimiter of one character", position)
    return sign


def _csvparse(value: Json, delimiter: Json = None) -> Json:
    if value is None:
        return None
    written = text("csvparse", value).removeprefix("\ufeff")
    reader = csv.reader(
        io.StringIO(written, newline=""), delimiter=_delimiter("csvparse", delimiter, 1), strict=True
    )
    records: list[Json] = []
    missing = 0
    try:
        header = next(reader, [])
        twice = next((name for name, count in Counter(header).items() if count > 1), None)
        if twice is not None:
            raise Failure("HR225", f"`csvparse`: the header names {quoted(twice)} twice", 0)
        for row in reader:
            if row:
                records.append(_record(header, row, reader.line_num))
                missing += len(header) - len(row)
                count_items("csvparse", max(len(records), missing))
    except csv.Error as error:
        raise Failure("HR225", f"`csvparse`: line {reader.line_num}: {error}", 0) from error
    return records


def _record(header: list[str], row: list[str], line: int) -> Json:
    if len(row) > len(header):
        raise Failure(
            "HR225",
            f"`csvparse`: line {line} has {len(row)} fields, the header has {len(header)}",
            0,
        )
    return {**dict.fromkeys(header), **dict(zip(header, row, strict=False))}


def _csvformat(rows: Json, columns: Json = None, delimiter: Json = None) -> Json:
    records = [object_("csvformat", row) for row in array("csvformat", rows)]
    if columns is None:
        names = list(dict.fromkeys(name for record in records for name in record))
    else:
        names = [text("csvformat", name, 1) for name in array("csvformat", columns, 1)]
    count_text("csvformat", len(records) * len(names))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_delimiter("csvformat", delimiter, 2), lineterminator="\r\n")
    if names:
        writer.writerow(names)
        writer.writerows([to_text(record.get(name)) for name in names] for record in records)
    return out.getvalue()


def _jsonlines(value: Json) -> Json:
    if value is None:
        return None
    if isinstance(value, list):
        return "".join(stringify(item) + "\n" for item in value)
    lines = text("jsonlines", value).split("\n")
    count_items("jsonlines", len(lines))
    values: list[Json] = []
    for index, line in enumerate(lines, 1):
        if line.strip():
            try:
                values.append(parse_json("jsonlines", line))
            except Failure as failure:
                raise Failure(failure.code, f"line {index}: {failure.message}", 0) from failure
    return values


def _urlencode(value: Json) -> Json:
    if value is None:
        return None
    if not isinstance(value, dict):
        return quote(textual("urlencode", value, 0), safe="")
    pairs: list[tuple[str, str]] = []
    for key, member in value.items():
        items = member if isinstance(member, list) else [member]
        pairs += [(key, to_text(item)) for item in items if item is not None]
    return urlencode(pairs)


def _urlparse(value: Json) -> Json:
    if value is None:
        return None
    written = text("urlparse", value)
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError as error:
        raise Failure("HR225", f"`urlparse` cannot read {quoted(written)}: {error}", 0) from error
    found: dict[str, list[Json]] = {}
    for key, member in parse_qsl(parts.query, keep_blank_values=True):
        found.setdefault(key, []).append(member)
    query: dict[str, Json] = {
        key: members if len(members) > 1 else members[0] for key, members in found.items()
    }
    return {
        "scheme": parts.scheme,
        "username": parts.username,
        "password": parts.password,
        "host": parts.hostname,
        "port": port,
        "path": parts.path,
        "query": query,
        "fragment": parts.fragment,
    }


def _encoded(name: str, value: Json, safe: str) -> Json:
    return quote(textual(name, value, 0), safe=safe)


def _encode_component(value: Json) -> Json:
    return _encoded("encodeURIComponent", value, _COMPONENT)


def _encode_uri(value: Json) -> Json:
    return _encoded("encodeURI", value, _URI)


def _decoded(name: str, value: Json, kept: str) -> Json:
    """`%XX` as characters, but for the reserved ones in `kept`.

    Raises:
        Failure: HR225, a `%` without two hexadecimal digits, or bytes that are not UTF-8.
    """
    written = textual(name, value, 0)
    head, *pieces = written.split("%")
    out = [head]
    for piece in pieces:
        digits = piece[:2]
        if len(digits) != 2 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
            raise Failure("HR225", f"`{name}` cannot read {quoted(written)}: `%` without two digits", 0)
        is_kept = chr(int(digits, 16)) in kept
        out.append(f"%25{piece}" if is_kept else f"%{piece}")
    try:
        return unquote_to_bytes("".join(out)).decode()
    except UnicodeDecodeError as error:
        raise Failure("HR225", f"`{name}` cannot read {quoted(written)}: not UTF-8", 0) from error


def _decode_component(value: Json) -> Json:
    return _decoded("decodeURIComponent", value, "")


def _decode_uri(value: Json) -> Json:
    return _decoded("decodeURI", value, ";/?:@&=+$,#")


TABLE: tuple[Function, ...] = (
    function(
        "csvparse(text, delimiter?)", "text?, text? → array?",
        _csvparse, "One object a line of CSV, named by the first; all values are text.",
        "csvparse('id,name\\n1,\"a,b\"') → [{\"id\": \"1\", \"name\": \"a,b\"}]",
        "csvparse('a;b\\n1', ';') → [{\"a\": \"1\", \"b\": null}]", "csvparse('a\\n1,2') → HR225",
        result=read_csv,
    ),
    function(
        "csvformat(rows, columns?, delimiter?)", "array, array?, text? → text", _csvformat,
        "CSV of an array of objects, with a header; all members unless columns are named.",
        "csvformat([{id: 1, name: 'a,b'}]) → \"id,name\\r\\n1,\\\"a,b\\\"\\r\\n\"",
        "csvformat([{a: 1, b: null}], ['b', 'a'], ';') → \"b;a\\r\\n;1\\r\\n\"",
    ),
    function(
        "jsonlines(value)", "text|array? → text|array?",
        _jsonlines, "The values of a text with one JSON a line, or such a text.",
        "jsonlines('{\"a\":1}\\n2\\n') → [{\"a\": 1}, 2]",
        "jsonlines([{a: 1}, 2]) → \"{\\\"a\\\":1}\\n2\\n\"",
    ),
    function(
        "urlencode(value)", "scalar|object? → text?",
        _urlencode, "The query string of an object, or a text percent-encoded.",
        "urlencode({q: 'a b', tag: ['x', 'y'], n: null}) → \"q=a+b&tag=x&tag=y\"",
        "urlencode('a/b') → \"a%2Fb\"",
    ),
    function(
        "urlparse(url)", "text? → object?", _urlparse, "The parts of a URL.",
        "urlparse('https://a.example:8443/x?q=1#top').port → 8443",
        "urlparse('https://a.example/x?q=1&q=2').query → {\"q\": [\"1\", \"2\"]}", result=url_parts,
    ),
    function(
        "encodeURIComponent(text)", "scalar → text",
        _encode_component, "Text percent-encoded for one part of a URL.",
        "encodeURIComponent('a b/é') → \"a%20b%2F%C3%A9\"", "encodeURIComponent(1) → \"1\"",
    ),
    function(
        "decodeURIComponent(text)", "scalar → text", _decode_component, "Percent-encoded text decoded.",
        "decodeURIComponent('a%20b%2F') → \"a b/\"", "decodeURIComponent('%') → HR225",
    ),
    function(
        "encodeURI(text)", "scalar → text", _encode_uri, "A URL percent-encoded, its separators kept.",
        "encodeURI('/a b?q=é') → \"/a%20b?q=%C3%A9\"", "encodeURI('') → \"\"",
    ),
    function(
        "decodeURI(text)", "scalar → text", _decode_uri, "A URL decoded, but for encoded separators.",
        "decodeURI('/a%20b%2F') → \"/a b%2F\"", "decodeURI('%zz') → HR225",
    ),
)  # fmt: skip
