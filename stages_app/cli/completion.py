"""What a shell may offer for stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sessions_app.actors import local_actor
from sessions_app.current import choose_session
from sessions_app.exceptions import FlowError
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.text import visible
from stages_app.references import known_stages
from stages_app.services import StageInstanceManager


def stage_ids(prefix: str) -> Iterable[str]:
    """The stages of the active session that begin so."""
    try:
        flow_session = choose_session(local_actor("cli")).flow_session
    except FlowError:  # there is none, or several: nothing to offer
        return []
    return [stage_id for stage_id in known_stages(flow_session) if stage_id.startswith(prefix)]


def open_items(prefix: str) -> Iterable[str]:
    """The items to tick in the stage that the active session is at."""
    return _items(prefix, done=False)


def done_items(prefix: str) -> Iterable[str]:
    """The items that could be opened again."""
    return _items(prefix, done=True)


def _items(prefix: str, *, done: bool) -> Mapping[str, str]:
    """Numbers and ids that begin so, each with the item's text, which some shells show."""
    try:
        flow_session = choose_session(local_actor("cli")).flow_session
        stage_instance = StageInstanceManager().locate_instance(flow_session.pk)
    except FlowError:  # there is nothing that is worked on: nothing to offer
        return {}
    items = [item for item in stage_instance.items.order_by("number") if item.is_done is done]
    offered = {str(item.number): item.display_text for item in items}
    offered |= {item.item_id: item.display_text for item in items}
    return {word: visible(text) for word, text in offered.items() if word.startswith(prefix)}


def places(prefix: str) -> Iterable[str]:
    """``<workflow>:<stage>`` for the workflows that begin so."""
    workflow_id = prefix.partition(":")[0]
    for workflow in WorkflowDefinition.objects.filter(pk__startswith=workflow_id, retired_at=None):
        version = WorkflowVersion.objects.get(workflow=workflow, number=workflow.latest_version)
        yield from (f"{workflow.pk}:{stage['id']}" for stage in version.content["stages"])
