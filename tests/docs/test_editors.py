"""docs/editors.md: what editors are told is what there is."""

import json
import re
import tomllib

import pytest
from tests.docs.page import ROOT

TEXT = (ROOT / "docs" / "editors.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("editor", ["VS Code", "Neovim", "Helix", "Emacs", "Sublime Text"])
def test_each_editor_has_its_settings(editor):
    section = TEXT.partition(f"## {editor}\n")[2].partition("\n## ")[0]
    assert "```" in section
    assert "headrace" in section
    assert "lsp" in section


def test_the_settings_are_sound():
    parsers = {"json": json.loads, "toml": tomllib.loads}
    assert sorted(kind for kind, _ in BLOCKS) == ["elisp", "json", "json", "lua", "toml"]
    for kind, block in BLOCKS:
        if kind in parsers:
            assert parsers[kind](block)
        else:
            assert block.count("(") == block.count(")")
