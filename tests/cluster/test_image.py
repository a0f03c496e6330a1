"""The image, as far as it can be told without building one: its last stage, and that what is copied makes a program."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cluster.flows import WEBHOOK, flow

from headrace import __version__
from headrace.cluster.pod import pod_spec, secured

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "Containerfile").read_text()
LAST = TEXT.split("\nFROM ")[-1]


def test_it_has_no_shell_and_is_not_root():
    assert LAST.startswith("gcr.io/distroless/")
    user = secured()["runAsUser"]
    assert f"USER {user}:{user}" in LAST
    assert "RUN" not in LAST


def test_its_ports_and_its_home_are_those_of_the_pods():
    (container,) = pod_spec(flow(), "headrace", "nats://n")["containers"]
    exposed = set(re.search(r"^EXPOSE (.*)$", LAST, re.MULTILINE)[1].split())
    assert {str(port["containerPort"]) for port in container["ports"]} <= exposed
    (home,) = [each["value"] for each in container["env"] if each["name"] == "HEADRACE_HOME"]
    assert f"HEADRACE_HOME={home}" in LAST


def test_what_a_pod_waits_with_before_it_stops_is_in_it():
    lifecycle = pod_spec(flow(WEBHOOK), "headrace", "nats://n")["containers"][0]["lifecycle"]
    assert f'ENTRYPOINT ["{lifecycle["preStop"]["exec"]["command"][0]}"' in LAST


def test_its_extras_are_there():
    project = (ROOT / "pyproject.toml").read_text()
    (extras,) = re.findall(r"^ARG EXTRAS=(.*)$", TEXT, re.MULTILINE)
    for extra in set(extras.split(",")) - {"cluster"}:
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE), extra


def test_what_it_copies_makes_a_program(tmp_path):
    """The first stage's `pip install --target`, without what the package depends on."""
    for line in re.findall(r"^COPY (?!--)(.*)$", TEXT, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            place = tmp_path / "build" / (target if target != "./" else source)
            place.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, place)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "--target", tmp_path / "headrace", tmp_path / "build"], check=True)
    shown = subprocess.run(
        [sys.executable, "-m", "headrace", "--version"], check=True, capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "headrace"), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert shown.stdout == f"headrace {__version__}\n"
