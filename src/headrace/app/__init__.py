"""The only place that joins the parts: registry, secrets, store, engine. The command line stands on it.

What only reads flow files needs no engine and no store: `session`, which has them, is imported by itself.
"""

from headrace.app.home import home_folder
from headrace.app.registry import builtin_registry, full_registry
from headrace.app.secrets import Secrets, load_secrets, read_env_file

__all__ = [
    "Secrets",
    "builtin_registry",
    "full_registry",
    "home_folder",
    "load_secrets",
    "read_env_file",
]
