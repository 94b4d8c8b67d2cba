"""Which attempts a list shows."""

from __future__ import annotations

from typing import Any

import django_filters

from sessions_app.actors import Actor
from sessions_app.api.filters import refuse_bad_values
from sessions_app.api.operations import query
from stages_app.models import StageInstance
from stages_app.querysets import StageInstanceQuerySet
from stages_app.states import StageStatus

ME = "me"

_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}


class StageFilter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    """By where an attempt belongs, its state, and whose turn it is."""

    session = django_filters.CharFilter(field_name="session_id", max_length=120)
    status = django_filters.MultipleChoiceFilter(choices=StageStatus.choices, distinct=False)
    stage = django_filters.CharFilter(field_name="stage_id", max_length=64)
    workflow = django_filters.CharFilter(field_name="session__workflow_id", max_length=64)
    assignee = django_filters.CharFilter(method="assigned_to", max_length=150)

    class Meta:
        model = StageInstance
        fields: list[str] = []

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actor = actor

    def assigned_to(self, rows: StageInstanceQuerySet, _name: str, username: str) -> StageInstanceQuerySet:
        """Those whose turn is that user's."""
        if username == ME:
            return rows.filter(assignee=self._actor.user)
        return rows.filter(assignee__username=username)


PARAMETERS = (
    query("session", _TEXT, "Of this session."),
    query(
        "status",
        {"type": "array", "items": {"type": "string", "enum": StageStatus.values}},
        "In one of these states; repeatable.",
    ),
    query("stage", _TEXT, "At this stage."),
    query("workflow", _TEXT, "Of sessions of this workflow."),
    query("assignee", _TEXT, "Of this user; `me`: the caller's."),
)


def filtered(actor: Actor, rows: StageInstanceQuerySet, parameters: Any) -> Any:
    """The rows that the parameters select; a value that can't be read is refused by name."""
    found = StageFilter(actor, parameters, queryset=rows)
    refuse_bad_values(found)
    return found.qs
