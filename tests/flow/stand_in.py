"""Components with the ports and settings of the real ones, and no behaviour."""

from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from headrace.sdk import (
    Component,
    Duration,
    Input,
    MessageModel,
    MessageTemplate,
    Module,
    Output,
    Registry,
    Settings,
    component,
)

__all__ = ["registry"]

ERROR = Output("error", error=True)


class Nothing(Settings):
    """No settings."""


class TickerSettings(Settings):
    interval: Duration = 60.0
    emit_on_start: bool = True
    max_emissions: int = Field(0, ge=0)
    payload: Any = None
    overlap: Literal["skip", "queue", "allow"] = "skip"


@component(
    "common-module/ticker", summary="t", settings=TickerSettings, outputs=(Output("out"),), trigger=True
)
class Ticker:
    pass


@component("common-module/signal", summary="s", settings=Nothing, outputs=(Output("out"),), trigger=True)
class Signal:
    pass


@component(
    "common-module/modify",
    summary="m",
    settings=Nothing,
    inputs=(Input("in"),),
    outputs=(Output("out"),),
    transparent=True,
)
class Modify(Component):
    pass


class IteratorSettings(Settings):
    batch_size: int = Field(1, ge=1)
    emit_index: bool = True
    emit_progress: bool = True
    continue_on_error: bool = True
    concurrency: int = Field(1, ge=1)
    durable: bool = False


class IteratorInput(MessageModel):
    array: list[Any]
    context: Any = None


@component(
    "common-module/iterator",
    summary="i",
    settings=IteratorSettings,
    inputs=(Input("in", message=IteratorInput),),
    outputs=(Output("item"), Output("batch"), Output("done"), ERROR),
    detached_when="durable",
)
class Iterator(Component):
    pass


class Rule(Settings):
    name: str = ""
    field: str = ""
    operator: Literal["equals", "not_equals", "exists"] = "equals"
    value: Any = None
    output_port: str
    when: MessageTemplate | None = None


class RouterSettings(Settings):
    rules: list[Rule] = Field(default_factory=list)
    default_port: str = "default"
    stop_on_match: bool = True


def router_outputs(settings: dict[str, Any]) -> tuple[Output, ...]:
    names = [rule["outputPort"] for rule in settings.get("rules", [])]
    names.append(settings.get("defaultPort", "default"))
    return tuple(Output(name) for name in dict.fromkeys(names))


@component(
    "common-module/router",
    summary="r",
    settings=RouterSettings,
    inputs=(Input("in"),),
    dynamic_outputs=router_outputs,
    transparent=True,
)
class Router(Component):
    pass


class AsyncSettings(Settings):
    max_concurrency: int = Field(100, ge=1)


@component(
    "common-module/async",
    summary="a",
    settings=AsyncSettings,
    inputs=(Input("in"),),
    outputs=(Output("out", detached=True),),
    transparent=True,
)
class Async(Component):
    pass


class DelaySettings(Settings):
    duration: Duration


@component(
    "common-module/delay",
    summary="d",
    settings=DelaySettings,
    inputs=(Input("in"),),
    outputs=(Output("out"),),
    transparent=True,
)
class Delay(Component):
    pass


class ClientSettings(Settings):
    base_url: str = ""
    default_headers: dict[str, str] = Field(default_factory=dict)
    timeout: Duration = 30.0
    retry_count: int = Field(0, ge=0)
    retry_delay: Duration = 1.0


class Request(MessageModel):
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    query_params: dict[str, Any] = Field(default_factory=dict)
    body: Any = None
    content_type: str | None = None


@component(
    "http-module/client",
    summary="c",
    settings=ClientSettings,
    inputs=(Input("request", message=Request),),
    outputs=(Output("response", adds="response"), ERROR),
)
class Client(Component):
    pass


@component(
    "http-module/server",
    summary="w",
    settings=Nothing,
    inputs=(Input("response", reaches=()),),
    outputs=(Output("request"),),
    trigger=True,
)
class Server:
    pass


class ConnectorSettings(Settings):
    driver: Literal["postgres", "sqlite", "mysql"]
    host: str = ""
    port: int = Field(5432, ge=1, le=65535)
    database: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    ssl_mode: str = "prefer"
    url: str = ""
    max_open_conns: int = Field(10, ge=1)
    transaction: Literal["task", "statement"] = "task"

    @model_validator(mode="after")
    def _needs_host(self) -> "ConnectorSettings":
        if self.driver == "postgres" and not self.host and not self.url:
            raise ValueError("`host` is required by database-module/connector (or give `url`)")
        return self


class Query(MessageModel):
    query: str = ""
    parameters: list[Any] = Field(default_factory=list)
    operation: Literal["query", "execute", "executeMany", "upsert", "insert", "copy"] = "query"
    rows: list[Any] | None = None
    table: str | None = None
    columns: list[str] | None = None
    key: list[str] | str | None = None


@component(
    "database-module/connector",
    summary="db",
    settings=ConnectorSettings,
    inputs=(Input("query", message=Query),),
    outputs=(Output("result", adds="result"), ERROR),
)
class Connector(Component):
    pass


registry = Registry(
    [
        Module("common-module", "", (Ticker, Signal, Modify, Iterator, Router, Async, Delay)),
        Module("http-module", "", (Client, Server)),
        Module("database-module", "", (Connector,)),
    ]
)
