"""database-module: SQL databases."""

from headrace.sdk import Lazy, Module

__all__ = ["DATABASE"]

DATABASE = Module(
    "database-module",
    "SQL databases.",
    (Lazy("database-module/connector", "headrace.components.database.connector:Connector"),),
)
