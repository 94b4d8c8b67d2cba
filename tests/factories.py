"""Definitions, sessions and stages in any state, made as a user makes them: through the services."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User

from sessions_app.actors import Actor, Grant, local_actor
from sessions_app.capturing import capture
from sessions_app.definitions.schema import (
    ChecklistItem,
    Definition,
    Deliverable,
    LocalText,
    StageDefinition,
    Transition,
)
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.permissions import OPERATE_PERMISSION
from sessions_app.publishing import publish
from sessions_app.replay import differences, replay
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from status_bridge.mapping import map_session_to_status
from status_bridge.models import StatusEntry

SNAPSHOT_APPS = ("auth", "sessions_app", "stages_app", "status_bridge")


def stage(
    stage_id: str,
    *,
    items: Iterable[str] = (),
    deliverables: Iterable[str] = (),
    depends_on: Iterable[str] = (),
    required: bool = True,
    name: LocalText = "",
    timeout: int | None = None,
) -> StageDefinition:
    """A stage; an item or a deliverable whose id ends in ``?`` is optional."""
    return StageDefinition(
        id=stage_id,
        name=name or stage_id.title(),
        order=1,
        required=required,
        checklist=tuple(ChecklistItem(i.rstrip("?"), f"Do {i.rstrip('?')}", not i.endswith("?")) for i in items),
        deliverables=tuple(
            Deliverable(d.rstrip("?"), d.rstrip("?").title(), not d.endswith("?")) for d in deliverables
        ),
        depends_on=tuple(depends_on),
        timeout=timeout,
    )


def definition(
    *stages: StageDefinition | str,
    id: str = "dev",  # noqa: A002 - as the definition's own field is called
    name: LocalText = "Development",
    parallel: bool = False,
    transitions: Iterable[tuple[str, str]] = (),
) -> Definition:
    """A workflow of the stages given, in their order; a mere id is a stage without items."""
    made = [stage(each) if isinstance(each, str) else each for each in stages or ("build", "test")]
    return Definition(
        id=id,
        name=name,
        stages=tuple(replace(each, order=number) for number, each in enumerate(made, 1)),
        parallel=parallel,
        transitions=tuple(Transition(source, target) for source, target in transitions),
    )


def publish_workflow(*stages: StageDefinition | str, **options: Any) -> str:
    """Publish a workflow and answer with its id."""
    made = definition(*stages, **options)
    publish(local_actor(), made)
    return made.id


def new_session(*stages: StageDefinition | str, name: str | None = None, **options: Any) -> FlowSession:
    """An ACTIVE session of a workflow of these stages."""
    return FlowSessionManager().create_session(publish_workflow(*stages, **options), name)


def session_in(status: str, *stages: StageDefinition | str, **options: Any) -> FlowSession:
    """A session that was brought into ``status`` by the verbs."""
    manager = FlowSessionManager()
    created = manager.create_session(publish_workflow(*stages, **options), start=status != "PENDING")
    if status == "PAUSED":
        return manager.pause_session(created.pk)
    if status == "COMPLETED":
        return manager.complete_session(created.pk, force=True, reason="enough")
    if status == "FAILED":
        return manager.fail_session(created.pk, reason="broken")
    if status == "ABORTED":
        return manager.abort_session(created.pk)
    return created


def stage_in(status: str | None, flow_session: FlowSession, stage_id: str = "build") -> StageInstance | None:
    """The stage in ``status``; None: it has not begun.  ABORTED ends its session too."""
    if status is None:
        return None
    stages = StageInstanceManager()
    if status == "PENDING":
        return stages.create_instance(flow_session.pk, stage_id)
    made = stages.run_stage(flow_session.pk, stage_id)
    if status == "ABORTED":
        FlowSessionManager().abort_session(flow_session.pk)
        return stages.get_instance(made.pk)
    verbs: dict[str, tuple[str, dict[str, Any]]] = {
        "PAUSED": ("pause", {}),
        "COMPLETED": ("complete", {"force": True, "reason": "enough"}),
        "FAILED": ("fail", {}),
        "SKIPPED": ("skip", {"reason": "not needed"}),
    }
    if status not in verbs:
        return made
    verb, options = verbs[status]
    return stages.perform(flow_session.pk, stage_id, verb, **options)


def actor(username: str, door: str = "python") -> Actor:
    """A trusted actor of that name, made when missing: to them nothing is refused."""
    return Actor(user(username), door, is_trusted=True)


def user(username: str, *, operates: Iterable[str] = (), watches: Iterable[str] = (), **columns: Any) -> User:
    """A user of that name, made when missing: an operator of some teams, a mere member of others."""
    made, _is_new = get_user_model().objects.get_or_create(username=username, defaults=columns)
    made.groups.add(*(team(name, operates=True) for name in operates), *(team(name) for name in watches))
    return made


def person(username: str, *, grant: Grant | None = None, **options: Any) -> Actor:
    """An actor of that name with the rights that the user has: see :func:`user`."""
    return Actor(user(username, **options), "python", grant=grant)


def team(name: str, *, operates: bool = False) -> Group:
    """A team of that name, made when missing; its members are operators if it has the permission."""
    made, _is_new = Group.objects.get_or_create(name=name)
    if operates:
        made.permissions.add(permission(OPERATE_PERMISSION))
    return made


def in_team(flow_session: FlowSession, name: str) -> FlowSession:
    """The session, put into a team that is made when missing."""
    team(name)
    return FlowSessionManager().update_session(flow_session.pk, {"team": name})


def permission(codename: str) -> Permission:
    """One of vcflow's own permissions."""
    return Permission.objects.get(codename=codename, content_type__app_label="sessions_app")


def events_of(flow_session: FlowSession | str) -> list[SessionEvent]:
    """The session's events in their order."""
    key = flow_session if isinstance(flow_session, str) else flow_session.pk
    return list(SessionEvent.objects.filter(session_id=key).order_by("seq"))


def event_types(flow_session: FlowSession | str) -> list[str]:
    """The types of the session's events in their order."""
    return [event.type for event in events_of(flow_session)]


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """The whole database: each table's rows by their key."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for label in SNAPSHOT_APPS
        for model in apps.get_app_config(label).get_models()
    }


def assert_consistent(flow_session_id: str) -> None:
    """The log has no gap, its chain holds, it replays to what is stored, and the session agrees with its stages."""
    flow_session = FlowSession.objects.get(pk=flow_session_id)
    events = events_of(flow_session_id)
    assert [event.seq for event in events] == list(range(1, flow_session.version + 1))
    head = ""
    for event in events:
        assert event.hash == event.chained_to(head)
        head = event.hash
    assert flow_session.chain_head == head
    attempts = list(StageInstance.objects.filter(session_id=flow_session_id).order_by("attempt"))
    assert flow_session.stage_states == {attempt.stage_id: attempt.status for attempt in attempts}
    if not flow_session.published.definition.parallel:
        assert sum(attempt.status == "ACTIVE" for attempt in attempts) <= 1
    assert differences(replay(events), capture(flow_session)) == []
    assert_entry_tells(flow_session)


def assert_entry_tells(flow_session: FlowSession) -> None:
    """The session's entry in the status system says what the session is."""
    entry = StatusEntry.objects.get(session=flow_session.pk)
    assert entry.as_dict() == map_session_to_status(flow_session)
    assert entry.version == flow_session.version
