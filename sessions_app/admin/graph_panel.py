"""The workflow's graph on a session's page, with the way that the session took through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.safestring import mark_safe

from sessions_app import drawing
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.drawing.graph import shown
from sessions_app.language import gettext as _
from sessions_app.models import SessionEvent
from sessions_app.words import LOOKS

MOST_STEPS = 100
"""How many steps of the way are told in words, the newest."""

_BEGINNINGS = ("stage.started", "stage.retried")


def graph_panel(view: View) -> Mapping[str, Any]:
    """What the panel's template needs."""
    flow_session = view.subject
    definition = flow_session.published.definition
    path = list(_path(view))
    states = flow_session.stage_states or dict.fromkeys(flow_session.published.stage_ids, "PENDING")
    picture = drawing.svg(definition, states, path=path, style=False)
    names = {stage.id: shown(stage.name) for stage in definition.stages}
    steps = [{"number": number, "name": names.get(stage_id, stage_id)} for number, stage_id in enumerate(path, 1)]
    return {
        "picture": mark_safe(picture),  # noqa: S308 - made by ElementTree, which escapes all texts
        "steps": steps[-MOST_STEPS:],
        "left_out": max(len(steps) - MOST_STEPS, 0),
        "stages": [_stage(names[stage.id], states.get(stage.id), path.count(stage.id)) for stage in definition.stages],
    }


def _path(view: View) -> Iterable[str]:
    """The stages that the session began, one for each attempt."""
    events = SessionEvent.objects.visible_to(view.actor).filter(session_id=view.subject.pk, type__in=_BEGINNINGS)
    for stage_instance_id in events.order_by("seq").values_list("stage_instance_id", flat=True):
        yield stage_instance_id.rpartition(".")[0].rpartition(".")[2]


def _stage(name: str, status: str | None, attempts: int) -> dict[str, Any]:
    look = LOOKS[status or "PENDING"]
    return {"name": name, "sign": look.sign, "word": _(look.word), "attempts": attempts}


register_panel("session", Panel("graph", 30, "sessions_app/graph_panel.html", graph_panel))
