"""What the views of stages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from sessions_app.api.operations import path_id
from sessions_app.api.views import ApiViewSet
from sessions_app.lease_tokens import MOST_TOKEN
from stages_app.api import examples
from stages_app.api.seen import stage_changed
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager

TAG = "stages"


def held_lease(about: str) -> OpenApiParameter:
    """The header that names a lease."""
    form = {"type": "integer", "minimum": 1, "maximum": MOST_TOKEN}
    return OpenApiParameter("Vcflow-Lease", form, OpenApiParameter.HEADER, description=about)


LEASE = held_lease(
    "The `token` of the lease that the caller holds; without it a stage that somebody claimed gives 409."
)
STAGE_INSTANCE_ID = path_id("stage_instance_id", "The attempt's whole id.", examples.STAGE["id"])


class StageVerb(NamedTuple):
    """How a verb is told of: ``body`` names the schema of what it takes."""

    summary: str
    about: str
    body: str = "Reason"
    body_example: Mapping[str, Any] = {"reason": "Waiting for the design"}


STAGE_VERBS: Mapping[str, StageVerb] = {
    "start": StageVerb(
        "Start",
        "PENDING to ACTIVE, when the stages that it depends on are done, or with `force` and a reason.",
        "ForcedReason",
        {},
    ),
    "pause": StageVerb("Pause", "ACTIVE to PAUSED."),
    "resume": StageVerb("Resume", "PAUSED to ACTIVE.", body_example={"reason": "The design is there"}),
    "complete": StageVerb(
        "Complete",
        "ACTIVE to COMPLETED, when nothing required is open, or with `force` and a reason; hands in deliverables in the"
        " same change. Completing the last required stage completes the session.",
        "StageCompletion",
        {"deliverables": {"spec-md": "docs/spec.md"}},
    ),
    "fail": StageVerb(
        "Fail", "ACTIVE or PAUSED to FAILED; the session goes on.", body_example={"reason": "The tests don't pass"}
    ),
    "skip": StageVerb(
        "Skip",
        "To SKIPPED from any state but COMPLETED, SKIPPED and ABORTED. A reason is required.",
        "RequiredReason",
        {"reason": "Not needed this time"},
    ),
    "retry": StageVerb(
        "Retry",
        "A new, active attempt at a stage that failed, was completed or was skipped.",
        body_example={"reason": "The tests are mended"},
    ),
}


class StageViewSet(ApiViewSet):
    """Views whose changes answer with an attempt and its session."""

    @property
    def given(self) -> dict[str, Any]:
        """The request's body, which was checked."""
        return dict(self.request.data)

    def change_stage(self, verb: Callable[[StageInstanceManager], StageInstance], *, status: int = 200) -> Response:
        """Do ``verb`` and answer with the attempt."""
        return self.change(StageInstanceManager, verb, lambda row: stage_changed(self.actor, row), status=status)
