"""The components that come with headrace: a module each for the engine's own, HTTP and databases.

A component is one file, one test, one line in its module's list. Components do not know each other.
"""

from headrace.components.common import COMMON
from headrace.components.database import DATABASE
from headrace.components.http import HTTP

__all__ = ["COMMON", "DATABASE", "HTTP", "MODULES"]

MODULES = (COMMON, HTTP, DATABASE)
