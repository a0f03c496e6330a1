"""docs/serving.md: the API, the limits and the times are those of the code."""

import re
from typing import cast

from tests.docs.page import ROOT, prose, section

from headrace.app.folder import _AGAIN_S, _PERIOD_S
from headrace.cli.serve import _SHORTEST
from headrace.engine.receiver import _PAUSED_S
from headrace.web.app import PREFIX, make_app
from headrace.web.feed import _KEPT
from headrace.web.guard import MOST_BYTES
from headrace.web.server import AUDIT_FILE
from headrace.web.site import Site

PAGE = "serving.md"


def test_the_requests_are_those_of_the_api():
    told = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]+)`", section(PAGE, "The API")))
    paths = make_app(cast("Site", None)).openapi()["paths"]
    found = {
        f"{method.upper()} {path.removeprefix(PREFIX)}" for path, ways in paths.items() for method in ways
    }
    assert told == found


def test_times_and_limits_are_those_of_the_code():
    text = prose(PAGE)
    assert (_PERIOD_S, _AGAIN_S, _PAUSED_S) == (1, 10, 60)
    assert "looked at each second" in text
    assert "tried again every 10 seconds" in text
    assert f"remembers the last {_KEPT:,}" in text
    assert f"A body has {MOST_BYTES // 2**20} MiB at most" in text
    assert f"of {_SHORTEST}\n  characters at least" in text
    assert f"`{AUDIT_FILE}`" in text


def test_the_pictures_are_there():
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", prose(PAGE)):
        assert (ROOT / "docs" / picture).is_file()
