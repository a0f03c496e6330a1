"""A flow whose one node writes to a database: results come to `end`, failures to `bad`."""

__all__ = ["writing"]


def writing(url: str, request: str, settings: str = "") -> str:
    """The flow's spec.

    Args:
        request: the node's `input`.
        settings: further ones of the node, each after a comma.
    """
    return f"""
defaults:
  database-module/connector: {{url: "{url}"{settings}}}
retry: {{maxAttempts: 1, initialDelay: 1ms}}
nodes:
  start: {{component: common-module/signal}}
  write: {{component: database-module/connector, input: {request}}}
  bad: {{component: test-module/probe}}
  end: {{component: test-module/probe}}
edges:
  - start -> write
  - from: write:result
    to: end:in
    data: "{{{{$.result}}}}"
  - write:error -> bad
"""
