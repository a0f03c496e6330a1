"""The home folder: the one place where headrace writes."""

import os
from collections.abc import Mapping
from pathlib import Path

from headrace.errors import UsageError

__all__ = ["home_folder"]


def home_folder(environment: Mapping[str, str] | None = None) -> Path:
    """`HEADRACE_HOME`, else `~/.headrace`; made if it is not there.

    Raises:
        UsageError: it cannot be made.
    """
    env = os.environ if environment is None else environment
    try:
        home = Path(env.get("HEADRACE_HOME") or Path.home() / ".headrace").absolute()
    except RuntimeError as error:  # a user without a folder, as containers have them
        raise UsageError("this user has no home folder; set HEADRACE_HOME to one for headrace") from error
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the home folder {home} cannot be made: {error.strerror}") from error
    return home
