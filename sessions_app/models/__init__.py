"""The tables of the ground floor."""

from sessions_app.models.access import CurrentSession, IdempotencyKey, SchemaStamp
from sessions_app.models.chores import ChoreRun
from sessions_app.models.definitions import WorkflowDefinition, WorkflowVersion
from sessions_app.models.events import SessionEvent
from sessions_app.models.savepoints import Savepoint
from sessions_app.models.sessions import FlowSession, Tombstone
from sessions_app.models.tokens import ApiToken, RequestRate
from sessions_app.models.views import SavedView
from sessions_app.states import SessionStatus

__all__ = [
    "ApiToken",
    "ChoreRun",
    "CurrentSession",
    "FlowSession",
    "IdempotencyKey",
    "RequestRate",
    "SavedView",
    "Savepoint",
    "SchemaStamp",
    "SessionEvent",
    "SessionStatus",
    "Tombstone",
    "WorkflowDefinition",
    "WorkflowVersion",
]
