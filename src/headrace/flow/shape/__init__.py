"""Shapes of messages: what is known of them at every port of a flow before one is there.

    maker     who built an object, for messages that say who dropped a member
    node      what leaves a node, by what arrives
    edge      what arrives over an edge, by what leaves
    follow    shapes from triggers along all edges, loops included
    variant   what only the messages of one edge are like
    result    what the others ask

Nothing is evaluated and nothing is reported here; `headrace.flow.lint.shape` makes findings of it, and
editors complete by it. Shapes are never too small. Where a draft is not understood there may be anything.
"""

from headrace.flow.shape.follow import follow
from headrace.flow.shape.maker import Maker, edge_name
from headrace.flow.shape.result import Shapes
from headrace.flow.shape.variant import Strayed, strayed

__all__ = ["Maker", "Shapes", "Strayed", "edge_name", "follow", "strayed"]
