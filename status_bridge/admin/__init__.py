"""The admin's pages of the status bridge; each module registers its own."""

from __future__ import annotations

from status_bridge.admin import conflicts as conflicts
from status_bridge.admin import entries as entries
from status_bridge.admin import webhooks as webhooks
