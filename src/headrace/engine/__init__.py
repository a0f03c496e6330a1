"""How flows run: tasks are taken, executed, decided. Sees components through their declarations only.

program      a flow joined with its open components: what messages move through
execution    one task: from its message to its outcome
position     where a message is within a task
fan_out      splitting work over tasks
context      one message at one node
branch       what can be undone together within a task
agenda       which open tasks are executed next, within the limits of their runs
probe        what is told of one execution to those who look closely
worker       executes tasks and decides them: commit, try again, bury
trigger      fires triggers by their schedules
desk         carries out what other processes ask for
sweep        what is forgotten of ended runs
engine       all of it, for one process
"""

from headrace.engine.engine import Engine
from headrace.engine.observer import NodeStats, Observer, Observers, Step
from headrace.engine.probe import Probe
from headrace.engine.program import Program
from headrace.engine.sweep import Keep
from headrace.engine.version import ReadVersion

__all__ = ["Engine", "Keep", "NodeStats", "Observer", "Observers", "Probe", "Program", "ReadVersion", "Step"]
