"""The admin's pages of the stages; each module registers its own."""

from __future__ import annotations

from stages_app.admin import stages as stages
