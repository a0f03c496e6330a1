"""MySQL and MariaDB over PyMySQL: a thread for each connection, statements that commit by themselves.

    target -> connection -> database
              failure, statement, value, table, insert below them

No transaction spans statements here (`transaction: statement`, at least once), so there are no marks and no
rows of tasks. Values are written into the SQL as literals, since MySQL does not tell the types of parameters;
the session's `sql_mode` is set so that literals mean what they say, and that nothing is cut silently.
"""

from headrace.connections.mysql.database import MysqlDatabase
from headrace.connections.mysql.target import MysqlTarget

__all__ = ["MysqlDatabase", "MysqlTarget"]
