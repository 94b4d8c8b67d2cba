"""What must hold before a stage starts or ends, and before a session completes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app import progress
from sessions_app.change import Change
from sessions_app.exceptions import GuardUnmet
from sessions_app.language import gettext as _
from sessions_app.language import localised
from sessions_app.listing import some_of
from sessions_app.rows import table
from stages_app.facts import missing_deliverables
from stages_app.models import StageInstance, StageItem


def refuse_unmet_dependencies(change: Change, stage_id: str, *, force: bool) -> None:
    """A stage starts after the stages that it depends on are done, unless forced."""
    flow_session = change.flow_session
    unmet = progress.unmet_dependencies(flow_session.published, flow_session.stage_states, stage_id)
    if unmet and not force:
        raise GuardUnmet(
            _("The stage {stage} depends on {others}.").format(stage=stage_id, others=some_of(unmet)),
            fix=_("Complete or skip these first, or force it with a reason."),
            code="dependencies-unmet",
            kind="stage",
            session_id=flow_session.pk,
            stage_id=stage_id,
            depends_on=unmet,
        )


def refuse_unfinished(stage_instance: StageInstance, deliverables: Mapping[str, Any]) -> None:
    """A stage completes with its required items ticked and its required deliverables given."""
    items = table(StageItem).select(
        "stage_instance_id = %s AND is_required = %s AND is_done = %s ORDER BY number",
        [stage_instance.pk, True, False],
    )
    missing = missing_deliverables(stage_instance.definition, deliverables)
    if not items and not missing:
        return
    open_parts = []
    if items:
        texts = ", ".join(f"{item.number}. {item.display_text}" for item in items)
        open_parts.append(_("open items: {items}").format(items=texts))
    if missing:
        names = ", ".join(localised(deliverable.name) for deliverable in missing)
        open_parts.append(_("missing deliverables: {names}").format(names=names))
    raise GuardUnmet(
        _("The stage {stage} is not finished: {parts}.").format(
            stage=stage_instance.stage_id, parts="; ".join(open_parts)
        ),
        fix=_("Tick the items and give the deliverables, or force it with a reason."),
        code="stage-unfinished",
        kind="stage",
        session_id=stage_instance.session_id,
        stage_id=stage_instance.stage_id,
        stage_instance_id=stage_instance.pk,
        open_items=[item.item_id for item in items],
        missing_deliverables=[deliverable.id for deliverable in missing],
    )


def refuse_open_stages(change: Change) -> None:
    """A session completes with every required stage done."""
    flow_session = change.flow_session
    still_open = progress.open_required(flow_session.published, flow_session.stage_states)
    if still_open:
        raise GuardUnmet(
            _("Required stages are still open: {stages}.").format(stages=", ".join(still_open)),
            fix=_("Complete or skip them, or force it with a reason."),
            code="stages-open",
            kind="session",
            session_id=flow_session.pk,
            open_stages=still_open,
        )
