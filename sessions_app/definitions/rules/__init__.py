"""Rule files (``.mdc``, ``.md``): Markdown that encodes a workflow, read as a careful person would."""

from sessions_app.definitions.rules.reader import read

__all__ = ["read"]
