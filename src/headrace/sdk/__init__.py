"""What the author of a component imports, with `sdk.shape`, and nothing else does a component need.

A component is one class: a declaration (`@component`), a frozen settings model, and `handle`. The same
declaration gives validation, lint, JSON Schema and the reference pages. Nothing here runs flows: the
engine implements the protocols.
"""

from headrace.errors import InfrastructureError, PermanentError, StatementError, TemporaryError
from headrace.sdk.arrival import Arrival, Emits, with_error, with_member
from headrace.sdk.clock import Clock, SystemClock
from headrace.sdk.component import Component, Input, Listening, Output, Spec, Trigger, component
from headrace.sdk.context import Context, Emission, FanOut, RaisedError, RunInfo
from headrace.sdk.module import Lazy, Module, Registry
from headrace.sdk.parallel import for_each
from headrace.sdk.receiver import Answer, Call, Paused, Receiver
from headrace.sdk.resource import Address, Closable, Resources
from headrace.sdk.schedule import Catchup, Firing, Overlap, Schedule, SchedulePolicy
from headrace.sdk.settings import (
    Duration,
    JsonValue,
    MessageModel,
    MessageTemplate,
    Settings,
    Size,
    duration_text,
    parse_message,
)
from headrace.sdk.transaction import Database, Insert, Result, Statement, TaskRow, Transaction, Upserted
from headrace.sdk.watermark import Watermark, higher
from headrace.values import Json, Message

__all__ = [
    "Address",
    "Answer",
    "Arrival",
    "Call",
    "Catchup",
    "Clock",
    "Closable",
    "Component",
    "Context",
    "Database",
    "Duration",
    "Emission",
    "Emits",
    "FanOut",
    "Firing",
    "InfrastructureError",
    "Input",
    "Insert",
    "Json",
    "JsonValue",
    "Lazy",
    "Listening",
    "Message",
    "MessageModel",
    "MessageTemplate",
    "Module",
    "Output",
    "Overlap",
    "Paused",
    "PermanentError",
    "RaisedError",
    "Receiver",
    "Registry",
    "Resources",
    "Result",
    "RunInfo",
    "Schedule",
    "SchedulePolicy",
    "Settings",
    "Size",
    "Spec",
    "Statement",
    "StatementError",
    "SystemClock",
    "TaskRow",
    "TemporaryError",
    "Transaction",
    "Trigger",
    "Upserted",
    "Watermark",
    "component",
    "duration_text",
    "for_each",
    "higher",
    "parse_message",
    "with_error",
    "with_member",
]
