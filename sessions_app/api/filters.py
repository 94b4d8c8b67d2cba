"""Which sessions a list shows."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q

from sessions_app.api.moments import MomentFilter, moment_fix
from sessions_app.api.operations import query
from sessions_app.exceptions import InvalidInput
from sessions_app.language import gettext as _
from sessions_app.models import FlowSession
from sessions_app.querysets import FlowSessionQuerySet
from sessions_app.states import SessionStatus

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}


class SessionFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """``stuck_since``: active or paused, and nothing happened since then."""

    status = django_filters.MultipleChoiceFilter(choices=SessionStatus.choices, distinct=False)
    workflow = django_filters.CharFilter(field_name="workflow_id", max_length=64)
    owner = django_filters.CharFilter(field_name="owner__username", max_length=150)
    team = django_filters.CharFilter(field_name="team__name", max_length=150)
    stage = django_filters.CharFilter(field_name="current_stage_id", max_length=64)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")
    updated_after = MomentFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt")
    stuck_since = MomentFilter(method="stuck")
    search = django_filters.CharFilter(method="with_text", max_length=200)

    class Meta:
        model = FlowSession
        fields: list[str] = []

    def with_text(self, rows: FlowSessionQuerySet, _name: str, text: str) -> FlowSessionQuerySet:
        """Those with the text in id or name."""
        return rows.search(text)

    def stuck(self, rows: FlowSessionQuerySet, _name: str, moment: Any) -> FlowSessionQuerySet:
        """Those in which nothing happened since ``moment``."""
        return rows.filter(Q(status=SessionStatus.ACTIVE) | Q(status=SessionStatus.PAUSED), updated_at__lt=moment)


PARAMETERS = (
    query(
        "status",
        {"type": "array", "items": {"type": "string", "enum": SessionStatus.values}, "minItems": 1},
        "In one of these states; repeatable.",
    ),
    query("workflow", _TEXT, "Of this workflow."),
    query("owner", _TEXT, "Of this user."),
    query("team", _TEXT, "Of this team."),
    query("stage", _TEXT, "At this stage now."),
    query("created_after", _TIME, "Created then or later."),
    query("created_before", _TIME, "Created before."),
    query("updated_after", _TIME, "Changed last then or later."),
    query("updated_before", _TIME, "Changed last before."),
    query("stuck_since", _TIME, "Active or paused, and nothing happened since then."),
    query("search", _TEXT, "With this text in id or name."),
)


def filtered(rows: FlowSessionQuerySet, parameters: Any) -> Any:
    """The rows that the parameters select; a value that can't be read is refused by name."""
    found = SessionFilter(parameters, queryset=rows)
    refuse_bad_values(found)
    return found.qs


def refuse_bad_values(filters: django_filters.FilterSet) -> None:
    """Raise for the first value that a filter can't read."""
    for name, messages in filters.errors.items():
        is_moment = isinstance(filters.filters[name], MomentFilter)
        raise InvalidInput(
            _("The parameter {name} can't be used: {reason}").format(name=name, reason=" ".join(map(str, messages))),
            fix=moment_fix() if is_moment else _("See its description at /api/docs/."),
            field=name,
        )
