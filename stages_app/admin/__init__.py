"""The admin's pages of the stages; each module registers its own."""

from __future__ import annotations

from stages_app.admin import dashboard as dashboard
from stages_app.admin import dashboard_flows as dashboard_flows
from stages_app.admin import rail as rail
from stages_app.admin import session_filters as session_filters
from stages_app.admin import stages as stages
from stages_app.admin import stats_pages as stats_pages
from stages_app.admin import timeline_panel as timeline_panel
