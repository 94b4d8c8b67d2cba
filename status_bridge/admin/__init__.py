"""The admin's pages of the status bridge; each module registers its own."""

from __future__ import annotations

from status_bridge.admin import conflicts as conflicts
from status_bridge.admin import dashboard as dashboard
from status_bridge.admin import entries as entries
from status_bridge.admin import session_panel as session_panel
from status_bridge.admin import webhooks as webhooks
from status_bridge.admin import workers as workers
