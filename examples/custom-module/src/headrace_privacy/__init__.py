"""A module for headrace: components that keep personal data where it belongs."""

from headrace.sdk import Module
from headrace_privacy.redact import Redact

__all__ = ["PRIVACY"]

PRIVACY = Module("privacy-module", "Keeps personal data where it belongs.", (Redact,))
