"""Findings as SARIF 2.1.0, which code hosts and editors show at the lines they are about.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html
Columns are in UTF-16 code units and the log says so (section 3.14.17): readers that heed it are right, and so
are those that take every column for one. No finding is sure enough of its cure to be a `fix`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from headrace import __version__
from headrace.errors import Finding
from headrace.pages import page_of, text_of, title_of
from headrace.source import Source, Span, units
from headrace.values import Json

__all__ = ["sarif_log"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_log(files: Sequence[tuple[Path, Iterable[Finding]]]) -> dict[str, Json]:
    """One run over flow files, with all their findings; files without any are listed, too."""
    indexes = {str(path): index for index, path in enumerate(dict.fromkeys(path for path, _ in files))}
    findings = [finding for path, found in dict(files).items() for finding in found]
    codes = sorted({finding.code for finding in findings})
    driver: dict[str, Json] = {
        "name": "headrace",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "utf16CodeUnits",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "artifacts": [{"location": {"uri": _uri(name)}} for name in indexes],
        "results": [_result(finding, codes, indexes) for finding in findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Json]:
    """What a code means in general: its page, in full, since its address is one of this machine."""
    rule: dict[str, Json] = {"id": code}
    if (page := page_of(code)) is not None:
        text = text_of(page)
        rule |= {
            "shortDescription": {"text": title_of(page)},
            "fullDescription": {"text": _first_paragraph(text)},
            "help": {"text": text, "markdown": text},
        }
    return rule


def _first_paragraph(page: str) -> str:
    """What stands below the title of a page, on one line."""
    return " ".join(page.split("\n\n")[1].split())


def _result(finding: Finding, codes: list[str], indexes: dict[str, int]) -> dict[str, Json]:
    text = f"{finding.message}\n{finding.cure}" if finding.cure else finding.message
    text = text.replace("](", "\\](")  # no link, whatever a message quotes (section 3.11.6)
    result: dict[str, Json] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(finding.span, indexes)}],
    }
    if finding.also:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": said}, "physicalLocation": _place(span, indexes)}
            for number, (said, span) in enumerate(finding.also, start=1)
        ]
    return result


def _place(span: Span, indexes: dict[str, int]) -> dict[str, Json]:
    name = span.source.name
    artifact: dict[str, Json] = {"uri": _uri(name)}
    if name in indexes:
        artifact["index"] = indexes[name]
    start_line, start_column = _position(span.source, span.start)
    end_line, end_column = _position(span.source, max(span.start, span.end))
    region: dict[str, Json] = {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    }
    return {"artifactLocation": artifact, "region": region}


def _position(source: Source, offset: int) -> tuple[int, int]:
    """Line and column, from 1, the column in UTF-16 code units."""
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return line, units(before, "utf-16") + 1


def _uri(name: str) -> str:
    """A path as a URI: relative to the current folder for what lies in it, as code hosts want it."""
    path = Path(name)
    if path.is_absolute():
        here = Path.cwd()
        if not path.is_relative_to(here):
            return path.as_uri()
        path = path.relative_to(here)
    return quote(path.as_posix(), errors="surrogateescape")
