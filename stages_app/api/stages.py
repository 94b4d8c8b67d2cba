"""``/stages/``: list, read, change, every verb, items and deliverables."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.conditions import etag
from sessions_app.api.operations import CURSOR, LIMIT, Answer, fields_parameter, operation, ordering
from sessions_app.api.pagination import Pages
from sessions_app.api.selection import read_flag, selected_fields, slim
from sessions_app.api.sessions import REVEAL
from sessions_app.api.views import page_body
from sessions_app.revealing import reveal
from stages_app import lookup
from stages_app.api import examples
from stages_app.api.filters import PARAMETERS, filtered
from stages_app.api.seen import item_added, stage_seen
from stages_app.api.views import LEASE, STAGE_INSTANCE_ID, STAGE_VERBS, TAG, StageVerb, StageViewSet
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager

PAGES = Pages({"id": "id"}, default="id")

CHANGED = Answer("StageChange", "The attempt as it is now, with its session.", examples.STAGE_CHANGE)

# Large, and no part of a row.
_LEFT_OUT = ("session__context", "session__metadata", "session__tags")


class Stages(StageViewSet):
    """Attempts at stages."""

    @operation(
        "listStages",
        "List stages",
        "The attempts at stages in the sessions that the caller may see, by pages.",
        tag=TAG,
        parameters=[
            *PARAMETERS,
            fields_parameter("StageRow"),
            ordering(PAGES.choices, PAGES.default),
            LIMIT,
            CURSOR,
        ],
        answer=Answer("StagePage", "A page.", examples.STAGE_PAGE),
    )
    def list(self, request: Request) -> Response:
        """One page."""
        fields = selected_fields(request, "StageRow")
        seen = StageInstance.objects.visible_to(self.actor).select_related("session", "assignee").defer(*_LEFT_OUT)
        rows = filtered(self.actor, seen.prefetch_related("items"), request.query_params)
        page = PAGES.page(rows, request)
        body = [slim(stage_seen(self.actor, row), fields) for row in page.rows]
        return Response(page_body(body, request, page.next_query))

    @operation(
        "getStage",
        "Read a stage",
        "One attempt with its items. Its `ETag` is its session's version.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, fields_parameter("StageRow"), REVEAL],
        answer=Answer("StageRow", "The attempt.", examples.STAGE),
        errors=[404],
    )
    def retrieve(self, request: Request, stage_instance_id: str) -> Response:
        """Read one."""
        fields, is_revealed = selected_fields(request, "StageRow"), read_flag(request, "reveal")
        stage_instance = lookup.get_instance(self.actor, stage_instance_id)
        if is_revealed:
            reveal(self.actor, stage_instance.session)
        body = slim(stage_seen(self.actor, stage_instance, reveal=is_revealed), fields)
        return Response(body, headers={"ETag": etag(stage_instance.session.version)})

    @operation(
        "updateStage",
        "Change a stage",
        "Name, assignee, context, config (`timeout` in seconds), metadata; objects are merged key by key and null"
        " removes a key. The assignee must be able to work on the session.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="StageUpdate",
        body_example={"assignee": "mei", "config": {"timeout": 86400}},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def partial_update(self, request: Request, stage_instance_id: str) -> Response:
        """Change what it says."""
        return self.change_stage(lambda manager: manager.update_instance(stage_instance_id, self.given))

    @operation(
        "addItem",
        "Add an item",
        "Adds something to tick to this session's stage; the workflow stays as it is.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="NewItem",
        body_example={"text": "Ask the users"},
        answer=Answer("ItemChange", "The new item, with its session.", examples.ITEM_CHANGE, status=201),
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def add_item(self, request: Request, stage_instance_id: str) -> Response:
        """Add one."""
        return self.change(
            StageInstanceManager,
            lambda manager: manager.add_item(stage_instance_id, **self.given),
            lambda item: item_added(self.actor, item),
            status=201,
        )

    @operation(
        "tickItems",
        "Tick items",
        "Each named by its id, its number or a unique beginning of its text; those that are ticked stay so.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="ItemReferences",
        body_example={"items": ["write-it", 2]},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def tick_items(self, request: Request, stage_instance_id: str) -> Response:
        """Tick some."""
        return self.change_stage(lambda manager: manager.complete_item(stage_instance_id, *self.given["items"]))

    @operation(
        "untickItems",
        "Take ticks back",
        "Each item named by its id, its number or a unique beginning of its text.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="ItemReferences",
        body_example={"items": ["write-it"]},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def untick_items(self, request: Request, stage_instance_id: str) -> Response:
        """Take some back."""
        return self.change_stage(lambda manager: manager.reopen_item(stage_instance_id, *self.given["items"]))

    @operation(
        "addDeliverables",
        "Hand in deliverables",
        "Values by the id or the name of the deliverable: a link, a path, a text, or any JSON. A value given before is"
        " replaced.",
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="Deliverables",
        body_example={"deliverables": {"spec-md": "docs/spec.md"}},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def add_deliverables(self, request: Request, stage_instance_id: str) -> Response:
        """Hand in some."""
        given = self.given["deliverables"]
        return self.change_stage(lambda manager: manager.add_deliverables(stage_instance_id, given))


def _verb(verb: str, told: StageVerb) -> Callable[..., Response]:
    """The method of a verb: ``POST /stages/{id}/<verb>/``."""

    @operation(
        f"{verb}Stage",
        f"{told.summary} a stage",
        told.about,
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body=told.body,
        body_example=told.body_example,
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def method(self: Stages, request: Request, stage_instance_id: str) -> Response:
        return self.change_stage(lambda manager: getattr(manager, f"{verb}_instance")(stage_instance_id, **self.given))

    method.__name__ = verb
    return method


for _name, _told in STAGE_VERBS.items():
    setattr(Stages, _name, _verb(_name, _told))
