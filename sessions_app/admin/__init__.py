"""The admin's pages of the ground floor; each module registers its own."""

from __future__ import annotations

from sessions_app.admin import dashboard as dashboard
from sessions_app.admin import event_panel as event_panel
from sessions_app.admin import events as events
from sessions_app.admin import graph_panel as graph_panel
from sessions_app.admin import savepoint_panel as savepoint_panel
from sessions_app.admin import sessions as sessions
from sessions_app.admin import tokens as tokens
from sessions_app.admin import tombstones as tombstones
from sessions_app.admin import workflows as workflows
