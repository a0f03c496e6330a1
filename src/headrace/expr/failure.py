"""How operators, methods and functions say that a value does not fit.

The codes that builtins use (beside those of operators, HR220 and HR221):

    HR210  a regular expression needs what linear time cannot give, or is wrong
    HR214  an argument (a pattern's flag, a zone, an encoding) is none of those that exist
    HR222  NaN or Infinity
    HR223  too long a text or too many items
    HR224  a value of the wrong type
    HR225  text that is not what it should be: a number, a time, JSON, Base64
    HR227  a comparator that gives no number
    HR228  an integer beyond 4,096 bits
    HR229  the flow's own `must` and `fail`

HR230 to HR232 are warnings before there is data: numbers sorted as text, a pattern without parts of a time,
a time in another unit.
"""

__all__ = ["Failure"]


class Failure(Exception):
    """An operation has no value for its operands; it knows its operands, not its place.

    The template that evaluates the expression turns it into an `ExpressionError`: it finds the failing
    node, names the operand at fault by its path (`$.context.page`), says which step of that path was
    missing, and lists what is there.

    Attributes:
        code: `HR2xx`.
        message: for people; `{operand}` in it stands for the text of the operand at fault.
        operand: which operand is at fault: 0 the left one, the receiver or a function's first argument,
            1 the next, and so on; None if none in particular.
    """

    def __init__(self, code: str, message: str, operand: int | None = None) -> None:
        super().__init__(code, message, operand)
        self.code = code
        self.message = message
        self.operand = operand
