"""Stages within their session: run one, make one ready, and every verb by the stage's own id."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.operations import Answer, operation, path_id
from sessions_app.api.sessions import SESSION_ID
from stages_app.api import examples
from stages_app.api.stages import CHANGED
from stages_app.api.views import LEASE, STAGE_VERBS, TAG, StageVerb, StageViewSet

STAGE_ID = path_id("stage_id", "The stage's id, or a unique beginning of its id or name.", "spec")

MADE = Answer("StageChange", "The new attempt, with its session.", examples.STAGE_CHANGE, status=201)


class SessionStages(StageViewSet):
    """A session's stages, those that have not begun too."""

    @operation(
        "runStage",
        "Run a stage",
        "Gets a stage going: begins it, resumes it, or makes a new attempt at one that is over. On an active one"
        " nothing is done. The session becomes the caller's current one; `name` names the attempt.",
        tag=TAG,
        parameters=[SESSION_ID, LEASE],
        body="Run",
        body_example={"stage": "spec"},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def run(self, request: Request, session_id: str) -> Response:
        """Get one going."""
        given = self.given
        stage = given.pop("stage")
        return self.change_stage(lambda manager: manager.run_stage(session_id, stage, **given))

    @operation(
        "runStageInNewSession",
        "Run a stage in a new session",
        "Makes a session of the workflow and begins the stage in it, in one change.",
        tag=TAG,
        body="RunInNewSession",
        body_example={"workflow_id": "dev", "stage": "story", "name": "User auth"},
        answer=MADE,
        is_change=True,
        errors=[404],
    )
    def run_in_new_session(self, request: Request) -> Response:
        """Make a session and get one going."""
        given = self.given
        workflow_id, stage = given.pop("workflow_id"), given.pop("stage")
        return self.change_stage(lambda manager: manager.run_in_new_session(workflow_id, stage, **given), status=201)

    @operation(
        "createStage",
        "Make a stage ready",
        "Makes the first attempt beforehand (PENDING), so that it can be configured or assigned before it begins.",
        tag=TAG,
        parameters=[SESSION_ID],
        body="NewStage",
        body_example={"stage_id": "spec", "config": {"timeout": 86400}},
        answer=MADE,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def create(self, request: Request, session_id: str) -> Response:
        """Make one ready."""
        given = self.given
        stage_id = given.pop("stage_id")
        return self.change_stage(lambda manager: manager.create_stage(session_id, stage_id, **given), status=201)

    @operation(
        "assignStage",
        "Assign a stage",
        "Says whose turn a stage is, or with null nobody's; one that has not begun is made ready for it.",
        tag=TAG,
        parameters=[SESSION_ID, STAGE_ID, LEASE],
        body="Assignment",
        body_example={"assignee": "mei"},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def assign(self, request: Request, session_id: str, stage_id: str) -> Response:
        """Say whose turn it is."""
        assignee = self.given["assignee"]
        return self.change_stage(lambda manager: manager.assign_stage(session_id, stage_id, assignee))


def _verb(verb: str, told: StageVerb) -> Callable[..., Response]:
    """The method of a verb: ``POST /sessions/{id}/stages/{stage_id}/<verb>/``."""

    @operation(
        f"{verb}StageOfSession",
        f"{told.summary} a session's stage",
        f"The last attempt at the stage; `start` and `skip` also do for one that has not begun. {told.about}",
        tag=TAG,
        parameters=[SESSION_ID, STAGE_ID, LEASE],
        body=told.body,
        body_example=told.body_example,
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def method(self: SessionStages, request: Request, session_id: str, stage_id: str) -> Response:
        return self.change_stage(lambda manager: manager.perform(session_id, stage_id, verb, **self.given))

    method.__name__ = verb
    return method


for _name, _told in STAGE_VERBS.items():
    setattr(SessionStages, _name, _verb(_name, _told))
