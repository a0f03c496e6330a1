"""Names of response headers."""

from headrace.flow.field import Reader
from headrace.flow.lint.view import CLIENT, View

__all__ = ["check_headers"]


def check_headers(view: View, reader: Reader) -> None:
    """HR137: a header read by a name with capitals, which it never has."""
    carriers = {"response", "request", *(node.result_name for node in view.of(CLIENT))}
    for template in view.message_templates():
        for reading in template.readings:
            for before, member, name in zip(reading.keys, reading.keys[1:], reading.keys[2:], strict=False):
                if (
                    member == "headers"
                    and before in carriers
                    and isinstance(name, str)
                    and name != name.lower()
                ):
                    message = f"headers are lower-cased; use `headers['{name.lower()}']`"
                    reader.warn("HR137", message, reading.span)
