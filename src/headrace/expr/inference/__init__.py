"""What an expression gives and what cannot go well in it, from the shapes of what it reads.

Nothing is evaluated here, and no value is known: only shapes, which are never too small. A doubt is
reported only where every value of a shape leads there, so what is uncertain stays silent. Flow files
are not known here; who built an object is an `Origin` that is handed through.
"""

from headrace.expr.inference.doubt import RUN, Doubt, Roots
from headrace.expr.inference.template import infer

__all__ = ["RUN", "Doubt", "Roots", "infer"]
