"""docs/writing-components.md: its code is that of the example, its tables have what the SDK has."""

import inspect
import re
import subprocess
import sys

import pytest
from tests.docs.page import ROOT, blocks, codes, rows, section

from headrace.sdk import Context, FanOut, component, shape

PAGE = "writing-components.md"
EXAMPLE = ROOT / "examples" / "custom-module"


@pytest.mark.parametrize("block", [block for block in blocks(PAGE) if " include " in block.info])
def test_the_code_is_that_of_the_example(block):
    path = EXAMPLE / block.info.rpartition(" ")[2]
    assert f"\n{block.text}" in f"\n{path.read_text(encoding='utf-8')}"


def test_the_files_are_those_of_the_example():
    (listing,) = [block.text for block in blocks(PAGE) if block.info == "text"]
    assert [line for line in listing.split()[1:] if not (EXAMPLE / line).exists()] == []


@pytest.mark.parametrize("block", [block for block in blocks(PAGE) if block.info == "python run"])
def test_a_program_of_the_page_runs(block, tmp_path):
    (tmp_path / "page.py").write_text(block.text)
    done = subprocess.run(
        [sys.executable, tmp_path / "page.py"],
        env={"PYTHONPATH": f"{EXAMPLE / 'src'}:{ROOT / 'src'}"}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_declaration_is_that_of_the_sdk():
    told = [codes(row[0])[0] for row in rows(PAGE, 2) if row[0].startswith("`")]
    names = list(inspect.signature(component).parameters)
    assert [name for name in told if name in names] == names


def test_the_context_is_that_of_the_sdk():
    tables = section(PAGE, "The context").partition("`open(")[0]
    for table, described in zip(tables.split("`FanOut`:"), (Context, FanOut), strict=True):
        lines = [line for line in table.splitlines() if line.startswith("| `")]
        told = [name for line in lines for name in codes(line.partition(" | ")[0])]
        members = [name for name in vars(described) if not name.startswith("_")]
        assert sorted(told) == sorted(members)


def test_the_words_for_shapes_are_those_of_the_sdk():
    told = re.findall(r"\w+", " ".join(codes(section(PAGE, "What outputs emit"))))
    assert set(shape.__all__) - {"Shape"} <= set(told)
