"""What holds for every example: no findings, schema.sql as in `setup`, a README that names its files."""

import pytest
import yaml

from headrace.app import load_secrets, read_env_file
from headrace.components import MODULES
from headrace.flow.loader import read_flow, require
from headrace.sdk import Registry
from support.sync import EXAMPLES

FLOWS = sorted(path for path in EXAMPLES.glob("*/*.yaml") if path.parent.name != "custom-module")
FOLDERS = sorted({path.parent for path in EXAMPLES.glob("*/flow.yaml")})


def name(path):
    return str(path.relative_to(EXAMPLES))


@pytest.mark.parametrize("path", FLOWS, ids=name)
def test_a_flow_has_no_findings(path):
    assert [finding.render() for finding in read_flow(path, Registry(MODULES)).findings] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_schema_is_what_the_flow_sets_up(folder):
    spec = yaml.safe_load((folder / "flow.yaml").read_text())["spec"]
    statements = [
        statement.strip()
        for node in spec["nodes"].values()
        for statement in node.get("settings", {}).get("setup", [])
    ]
    assert (folder / "schema.sql").read_text() == ";\n\n".join(statements) + ";\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_the_readme_names_every_flow_and_how_to_run_it(folder):
    readme = (folder / "README.md").read_text()
    for flow in folder.glob("*.yaml"):
        assert f"headrace run examples/{name(flow)} --once" in readme
    assert "schema.sql" in readme


@pytest.mark.parametrize("path", FLOWS, ids=name)
def test_local_env_has_every_secret(path):
    flow = require(read_flow(path, Registry(MODULES)))
    secrets = load_secrets(flow.secrets, env_file=read_env_file(EXAMPLES / "local.env"), environment={})
    assert set(secrets.values) >= {"dbHost", "dbUser", "dbPassword"}
    assert secrets.values["dbHost"] == "embedded"
