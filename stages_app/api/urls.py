"""The stages floor's addresses below ``/api/v1/``; they stand before the ground's."""

from __future__ import annotations

from django.urls import path

from stages_app.api import place_schemas as place_schemas
from stages_app.api import schemas as schemas
from stages_app.api import stats_schemas as stats_schemas
from stages_app.api.leases import Leases
from stages_app.api.place import Place
from stages_app.api.recovery import Recovery
from stages_app.api.session_stages import SessionStages
from stages_app.api.stages import Stages
from stages_app.api.stats import Stats
from stages_app.api.then import SessionThen
from stages_app.api.views import STAGE_VERBS

_STAGE = "stages/<str:stage_instance_id>/"
_SESSION = "sessions/<str:session_id>/"
_STAGE_OF_SESSION = f"{_SESSION}stages/<str:stage_id>/"
_LEASE_ACTS = ("claim", "heartbeat", "release")

urlpatterns = [
    path("stages/", Stages.as_view({"get": "list"}), name="stages"),
    path(_STAGE, Stages.as_view({"get": "retrieve", "patch": "partial_update"}), name="stage"),
    path(f"{_STAGE}items/", Stages.as_view({"post": "add_item"}), name="stage-items"),
    path(f"{_STAGE}items/done/", Stages.as_view({"post": "tick_items"}), name="stage-items-done"),
    path(f"{_STAGE}items/undo/", Stages.as_view({"post": "untick_items"}), name="stage-items-undo"),
    path(f"{_STAGE}deliverables/", Stages.as_view({"post": "add_deliverables"}), name="stage-deliverables"),
    *(path(f"{_STAGE}{verb}/", Stages.as_view({"post": verb}), name=f"stage-{verb}") for verb in STAGE_VERBS),
    *(path(f"{_STAGE}{act}/", Leases.as_view({"post": act}), name=f"stage-{act}") for act in _LEASE_ACTS),
    path("sessions/run/", SessionStages.as_view({"post": "run_in_new_session"}), name="run"),
    path(f"{_SESSION}run/", SessionStages.as_view({"post": "run"}), name="session-run"),
    path(f"{_SESSION}stages/", SessionStages.as_view({"post": "create"}), name="session-stages"),
    path(f"{_STAGE_OF_SESSION}assign/", SessionStages.as_view({"post": "assign"}), name="session-stage-assign"),
    *(
        path(f"{_STAGE_OF_SESSION}{verb}/", SessionStages.as_view({"post": verb}), name=f"session-stage-{verb}")
        for verb in STAGE_VERBS
    ),
    *(
        path(
            f"{_STAGE_OF_SESSION}{act}/",
            Leases.as_view({"post": f"{act}_of_session"}),
            name=f"session-stage-{act}",
        )
        for act in _LEASE_ACTS
    ),
    path(f"{_SESSION}progress/", Place.as_view({"get": "progress"}), name="session-progress"),
    path(f"{_SESSION}next/", Place.as_view({"get": "next_steps"}), name="session-next"),
    path(f"{_SESSION}context/", Place.as_view({"get": "context"}), name="session-context"),
    path(f"{_SESSION}at/", SessionThen.as_view({"get": "retrieve"}), name="session-then"),
    path(f"{_SESSION}diagram/", Place.as_view({"get": "diagram"}), name="session-diagram"),
    path("stats/", Stats.as_view({"get": "list"}), name="stats"),
    path("stats/<str:workflow_id>/", Stats.as_view({"get": "retrieve"}), name="workflow-stats"),
    path("recovery/", Recovery.as_view({"get": "list"}), name="recovery"),
    path("inbox/", Place.as_view({"get": "inbox"}), name="inbox"),
]
