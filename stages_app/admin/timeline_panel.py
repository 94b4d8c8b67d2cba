"""The timeline on a session's page: the picture, what it adds up to, and the same as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from django.utils import timezone
from django.utils.safestring import mark_safe

from sessions_app.admin.event_panel import event_address
from sessions_app.admin.panels import Panel, View, register_panel
from sessions_app.language import gettext as _
from sessions_app.language import ngettext
from sessions_app.text import visible
from stages_app.timeline import Kind, Line, Timeline, timeline
from stages_app.timeline.drawing import KIND_SIGNS, KIND_WORDS, draw
from stages_app.timeline.plan import attempt_name, plan
from stages_app.timeline.reading import Happening, happenings, steps

MOST_TOLD = 200
"""How many attempts the table tells, the newest."""


class Story(NamedTuple):
    """The events of a session, and where its time went."""

    events: Sequence[Happening]
    timeline: Timeline


def story_of(view: View) -> Story:
    """The story of a page's session: read once, however many panels ask."""
    known: Story | None = view.request.__dict__.get("flow_story")
    if known is None:
        events = happenings(view.actor, view.subject)
        known = Story(events, timeline(steps(view.subject.pk, events), timezone.now()))
        view.request.__dict__["flow_story"] = known
    return known


def timeline_panel(view: View) -> Mapping[str, Any]:
    """What the panel's template needs."""
    events, found = story_of(view)
    names = {stage["stage_id"]: visible(stage["name"]) for stage in view.data["stages"]}
    zone = timezone.get_current_timezone()
    drawn = plan(found, events, view.subject.status, names, zone)
    picture = draw(drawn, lambda seq: event_address(view, seq), zone, label=_("Timeline"))
    told = found.lines[-MOST_TOLD:]
    return {
        "picture": mark_safe(picture),  # noqa: S308 - made by ElementTree, which escapes all texts
        "legend": _legend(found),
        "total": found.spent.total,
        "lines": [_told(line, names) for line in told],
        "left_out": _left_out(len(found.lines) - len(told)),
        "not_drawn": _left_out(drawn.left_out),
    }


def _legend(found: Timeline) -> list[dict[str, Any]]:
    """What of the session's time was what; kinds that there were not are left out."""
    lengths = found.spent
    kinds: tuple[Kind, ...] = get_args(Kind)
    return [
        {"kind": kind, "sign": KIND_SIGNS[kind], "word": _(KIND_WORDS[kind]), "length": getattr(lengths, kind)}
        for kind in kinds
        if getattr(lengths, kind)
    ]


def _told(line: Line, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": attempt_name(line.stage_instance_id, names),
        "status": line.status,
        "begin": line.begin,
        "end": line.end,
        "spent": line.spent,
    }


def _left_out(count: int) -> str:
    return (
        ngettext("{count} earlier attempt is left out.", "{count} earlier attempts are left out.", count).format(
            count=count
        )
        if count
        else ""
    )


register_panel("session", Panel("timeline", 20, "stages_app/timeline.html", timeline_panel))
