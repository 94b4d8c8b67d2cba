"""The ground floor's addresses below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from sessions_app.api.bulk import BulkVerbs
from sessions_app.api.bundles import Bundles
from sessions_app.api.events import Events
from sessions_app.api.imports import Imports
from sessions_app.api.me import CurrentSession, Me
from sessions_app.api.migrating import Migrations
from sessions_app.api.savepoints import Savepoints
from sessions_app.api.sessions import VERBS, Sessions
from sessions_app.api.tokens import Tokens
from sessions_app.api.workflows import Workflows

urlpatterns = [
    path("sessions/", Sessions.as_view({"get": "list", "post": "create"}), name="sessions"),
    path("sessions/bulk/", BulkVerbs.as_view({"post": "create"}), name="sessions-bulk"),
    path("sessions/current/", CurrentSession.as_view({"get": "retrieve"}), name="session-current"),
    path(
        "sessions/<str:session_id>/",
        Sessions.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="session",
    ),
    *(
        path(f"sessions/<str:session_id>/{verb}/", Sessions.as_view({"post": verb}), name=f"session-{verb}")
        for verb in VERBS
    ),
    path("sessions/<str:session_id>/switch/", CurrentSession.as_view({"post": "switch"}), name="session-switch"),
    path("sessions/<str:session_id>/bundle/", Bundles.as_view({"get": "retrieve"}), name="session-bundle"),
    path("sessions/<str:session_id>/logs/", Events.as_view({"get": "logs"}), name="session-logs"),
    path(
        "sessions/<str:session_id>/savepoints/",
        Savepoints.as_view({"get": "list_of_session", "post": "create"}),
        name="session-savepoints",
    ),
    path("savepoints/", Savepoints.as_view({"get": "list"}), name="savepoints"),
    path("savepoints/<str:savepoint_id>/", Savepoints.as_view({"get": "retrieve"}), name="savepoint"),
    *(
        path(f"savepoints/<str:savepoint_id>/{name}/", Savepoints.as_view({method: name}), name=f"savepoint-{name}")
        for method, name in (("get", "diff"), ("post", "restore"), ("post", "fork"))
    ),
    path("events/", Events.as_view({"get": "list"}), name="events"),
    path("events/feed/", Events.as_view({"get": "feed"}), name="events-feed"),
    path("me/", Me.as_view({"get": "retrieve"}), name="me"),
    path("tokens/", Tokens.as_view({"get": "list", "post": "create"}), name="tokens"),
    path("tokens/<str:token_id>/", Tokens.as_view({"get": "retrieve", "delete": "destroy"}), name="token"),
    path("workflows/", Workflows.as_view({"get": "list"}), name="workflows"),
    path(
        "workflows/import/",
        Imports.as_view({"post": "create", "get": "retrieve", "delete": "destroy"}),
        {"workflow_id": "import"},
        name="workflows-import",
    ),
    path(
        "workflows/<str:workflow_id>/",
        Workflows.as_view({"get": "retrieve", "delete": "destroy"}),
        name="workflow",
    ),
    path(
        "workflows/<str:workflow_id>/versions/",
        Workflows.as_view({"get": "list_versions"}),
        name="workflow-versions",
    ),
    path(
        "workflows/<str:workflow_id>/versions/<int:number>/",
        Workflows.as_view({"get": "retrieve_version"}),
        name="workflow-version",
    ),
    path("workflows/<str:workflow_id>/export/", Workflows.as_view({"get": "export"}), name="workflow-export"),
    path("workflows/<str:workflow_id>/diagram/", Workflows.as_view({"get": "diagram"}), name="workflow-diagram"),
    path("workflows/<str:workflow_id>/retire/", Workflows.as_view({"post": "retire"}), name="workflow-retire"),
    path("workflows/<str:workflow_id>/migrate/", Migrations.as_view({"post": "create"}), name="workflow-migrate"),
]
