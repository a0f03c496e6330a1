"""Secrets come from outside the flow file, and never leave the settings (section 8 of the design)."""

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from headrace.errors import UsageError

__all__ = ["Secrets", "load_secrets", "read_env_file"]

_MASK = "•••"
_SHORTEST_MASKED = 6
"""Shorter values would mask ordinary words."""


class Secrets:
    """The values of a flow's secrets; takes them out of texts for people."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self._masked: set[str] = set()
        self._patterns: list[re.Pattern[str]] = []
        self.include(self)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self.values)})"

    def include(self, other: "Secrets") -> None:
        """Mask the values of others, too: those of an earlier version of the flow."""
        self._masked.update(value for value in other.values.values() if len(value) >= _SHORTEST_MASKED)
        longest_first = sorted(self._masked, key=lambda value: (-len(value), value))
        self._patterns = [_pattern(value) for value in longest_first]

    def mask(self, text: str) -> str:
        """The text without the values, also percent-encoded, as JSON text and in Base64."""
        for pattern in self._patterns:
            text = pattern.sub(_MASK, text)
        return text


@lru_cache(maxsize=1000)
def _pattern(value: str) -> re.Pattern[str]:
    """That of a private key takes a second to compile, and flows are loaded again and again."""
    return re.compile("|".join(_written_forms(value)))


def _written_forms(value: str) -> Iterable[str]:
    """Patterns of a value: as it is, percent-encoded by any rules, in JSON; in Base64, of either alphabet."""
    yield "".join(map(_written_character, value))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield re.escape(encode(value.encode()).decode().rstrip("="))


def _written_character(char: str) -> str:
    """A pattern of a character: programs differ in which ones they encode, and in the case of the digits."""
    forms = [char, "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))]
    forms += [forms[1].lower(), json.dumps(char)[1:-1], json.dumps(char, ensure_ascii=False)[1:-1]]
    forms += ["+"] if char == " " else []
    ordered = sorted(dict.fromkeys(forms), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, ordered))})"


def variable_name(secret: str) -> str:
    """`apiToken` is `HEADRACE_SECRET_API_TOKEN` in the environment."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", secret)
    return "HEADRACE_SECRET_" + re.sub(r"[^A-Za-z0-9]", "_", words).upper()


def load_secrets(
    names: Iterable[str],
    *,
    env_file: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Secrets:
    """Find the values: in the environment, then the env file, then files in `HEADRACE_SECRETS_DIR`.

    Raises:
        UsageError: some are missing; names them all, and where they may be given.
    """
    env = os.environ if environment is None else environment
    folder = env.get("HEADRACE_SECRETS_DIR") or (env_file or {}).get("HEADRACE_SECRETS_DIR")
    values: dict[str, str] = {}
    missing: list[str] = []
    for name in names:
        value = env.get(variable_name(name), (env_file or {}).get(variable_name(name)))
        if value is None and folder:
            value = _read(Path(folder) / name)
        if value is None:
            missing.append(name)
        else:
            values[name] = value
    if missing:
        listed = ", ".join(f"`{name}` ({variable_name(name)})" for name in missing)
        raise UsageError(
            f"no value for {'secret' if len(missing) == 1 else 'secrets'} {listed}: set "
            "the environment variable, write it into an --env-file, or put a file of the secret's name "
            "into HEADRACE_SECRETS_DIR"
        )
    return Secrets(values)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise UsageError(f"the secret's file {path} cannot be read: {_reason(error)}") from error


def _reason(error: OSError | UnicodeError) -> str:
    """Why, without any of the content."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return "it is not UTF-8"


def read_env_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines; `export`, quotes around the value, blank lines and `#` lines are allowed.

    Raises:
        UsageError: the file cannot be read, or a line is no assignment (its content is not shown).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"the env file {path} cannot be read: {_reason(error)}") from error
    values: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name.strip()):
            raise UsageError(f"{path}:{number}: this line is no `NAME=value`")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values
