"""Budgets of APIs: how many requests are sent at once, and how fast, by all nodes and runs of a process.

    Quota         what the headers of one answer say
    Verdict       what the answer as a whole means
    Window        how much of a quota is left, if the API can be believed
    Pace          a rate that the file sets
    Concurrency   how many at once, found out by answers
    Share         what this process takes of it, where several ask
    Places        where those wait that ask for fewer than others, where several processes do
    Turnstile     who waits, in order
    Budget        one API, out of all these
    Budgets       all of them

Nothing here sends anything, or knows how it is sent.
"""

from headrace.connections.budget.budget import LONGEST_PAUSE_S, Budget, Sent
from headrace.connections.budget.budgets import Budgets, NodeBudgets
from headrace.connections.budget.quota import Quota, read_quotas
from headrace.connections.budget.verdict import Verdict, read_verdict

__all__ = [
    "LONGEST_PAUSE_S",
    "Budget",
    "Budgets",
    "NodeBudgets",
    "Quota",
    "Sent",
    "Verdict",
    "read_quotas",
    "read_verdict",
]
