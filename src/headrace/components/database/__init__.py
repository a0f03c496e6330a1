"""database-module: SQL databases."""

from headrace.components.database.connector import Connector
from headrace.sdk import Module

__all__ = ["DATABASE"]

DATABASE = Module("database-module", "SQL databases.", (Connector,))
