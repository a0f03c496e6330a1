"""docs/kubernetes.md: keys, rights, phases and times are those of the code; what it shows is loaded."""

import re
import textwrap
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.cluster.flows import REGISTRY, resource
from tests.cluster.go_template import Chart
from tests.cluster.test_chart import CASES, FOLDER, ROOT, rights
from tests.cluster.test_crd import FLOW, SIGNALS, draft7, schema_of
from tests.cluster.test_reconciler import BROKEN
from tests.docs.page import blocks, codes, prose, rows

from headrace.cluster.drain import LONGEST_S
from headrace.cluster.operator import PERIOD_S
from headrace.cluster.pod import _REQUESTS, secured
from headrace.cluster.status import _MOST_FINDINGS
from headrace.flow.deploy import Deploy
from headrace.flow.loader import load_flow, load_object
from headrace.sdk import duration_text
from headrace.source import Source
from support.flows import HEAD

PAGE = "kubernetes.md"


def test_the_keys_of_deploy_are_those_of_the_code():
    told = [row[0].strip("`") for row in rows(PAGE, 3)[1:]]
    assert told == [field.alias for field in Deploy.model_fields.values()]


def test_the_defaults_are_those_of_the_code():
    told = {row[0]: row[1] for row in rows(PAGE, 3)}
    assert told["`grace`"] == f"`{duration_text(Deploy().grace)}`"
    assert told["`resources`"] == f"{_REQUESTS['cpu']} CPU, {_REQUESTS['memory']} are requested"


def test_the_flow_and_the_signal_of_the_page_are_sound():
    (spec,) = [block.text for block in blocks(PAGE) if block.info == "yaml spec"]
    loaded = load_flow(Source("flow.yaml", HEAD + textwrap.indent(spec, "  ")), REGISTRY)
    assert [str(finding) for finding in loaded.findings] == []
    (signal,) = [yaml.safe_load(block.text) for block in blocks(PAGE) if block.info == "yaml signal"]
    assert list(jsonschema.Draft7Validator(draft7(schema_of(SIGNALS))).iter_errors(signal)) == []


def test_the_status_of_the_page_is_that_of_the_resource():
    known = schema_of(FLOW)["properties"]["status"]["properties"]
    told = [name for row in rows(PAGE, 2) for name in re.findall(r"`(\w+)`", row[0])]
    assert set(known) - {"selector"} <= set(told)
    (shown,) = [
        yaml.safe_load(block.text)["status"] for block in blocks(PAGE) if block.text.startswith("status:")
    ]
    assert set(shown["findings"][0]) <= set(known["findings"]["items"]["properties"])


def test_the_finding_of_the_page_is_what_the_loader_says():
    (shown,) = [
        yaml.safe_load(block.text)["status"] for block in blocks(PAGE) if block.text.startswith("status:")
    ]
    (finding,) = [each for each in load_object(resource(BROKEN), REGISTRY).findings if each.code == "HR112"]
    (told,) = shown["findings"]
    assert (told["path"], told["line"], told["column"]) == (
        finding.span.source.name,
        finding.span.line,
        finding.span.column,
    )
    assert told["message"] == finding.message


def test_phases_are_those_of_the_code():
    (row,) = [row for row in rows(PAGE, 2) if row[0] == "`phase`"]
    source = "".join(
        path.read_text() for path in (Path(FOLDER).parents[2] / "src/headrace/cluster").glob("*.py")
    )
    made = set(re.findall(r'"Ready", "(?:True|False)", "(\w+)"', source)) | set(
        re.findall(r'"phase": "(\w+)"', source)
    )
    assert set(codes(row[1])) == made


def test_the_rights_are_those_of_the_chart():
    told = {}
    for row in rows(PAGE, 2):
        if re.fullmatch(r"(`[a-z/]+`(, )?)+", row[0]) and re.fullmatch(r"[a-z]+(, [a-z]+)*", row[1]):
            told |= {name: set(row[1].split(", ")) for name in codes(row[0])}
    granted = {resource: verbs for (_, resource), verbs in rights(Chart(FOLDER, CASES["plain"])).items()}
    assert told == granted


def test_times_and_limits_are_those_of_the_code():
    text = " ".join(prose(PAGE).split())
    assert f"looked up every {PERIOD_S:g} seconds" in text
    assert LONGEST_S == 120
    assert "two minutes beyond `grace` at most" in text
    assert f"the first {_MOST_FINDINGS}" in text
    assert f"as user {secured()['runAsUser']}" in text
    about = Chart(FOLDER, CASES["plain"]).about
    assert f"Kubernetes {re.search(r'1[.][0-9]+', about['kubeVersion'])[0]} or newer" in text


def test_what_helm_has_to_fetch_is_fetched_before_it_installs():
    """Helm refuses a chart whose dependencies are not in its folder, also those that are switched off."""
    assert Chart(FOLDER, CASES["plain"]).about["dependencies"] != []
    text = (ROOT / "docs" / PAGE).read_text()
    where = FOLDER.relative_to(ROOT)
    assert text.index(f"helm dependency build {where}") < text.index(f"helm install headrace {where}")


@pytest.mark.parametrize("value", ["image.repository", "nats.enabled", "operator.namespaces"])
def test_values_of_the_chart_that_are_named_exist(value):
    found = Chart(FOLDER, CASES["plain"]).values
    for key in value.split("."):
        found = found[key]
    assert value in (ROOT / "docs" / PAGE).read_text()


def test_columns_are_those_of_the_resource():
    (table,) = [block.text for block in blocks(PAGE) if block.text.startswith("NAME")]
    (version,) = FLOW["spec"]["versions"]
    shown = [
        column["name"].upper() for column in version["additionalPrinterColumns"] if not column.get("priority")
    ]
    assert re.split(r"\s{2,}", table.splitlines()[0].strip()) == ["NAME", *shown]
