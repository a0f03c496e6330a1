"""What a content type says of a body."""

__all__ = ["charset_of", "is_json_type", "media_type"]


def media_type(content_type: str) -> str:
    """The type without its parameters: `application/json`."""
    return content_type.partition(";")[0].strip().lower()


def is_json_type(content_type: str) -> bool:
    """Whether a body of this content type is JSON."""
    kind = media_type(content_type)
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def charset_of(content_type: str) -> str:
    """Python's name of the charset that a content type says, else of UTF-8; a byte order mark is left out."""
    charset = "utf-8"
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
    return "utf-8-sig" if charset in ("utf-8", "utf8", "") else charset
