"""The admin's pages of the status bridge; each module registers its own."""

from __future__ import annotations

from status_bridge import admin_conflicts as admin_conflicts
from status_bridge import admin_entries as admin_entries
from status_bridge import admin_webhooks as admin_webhooks
