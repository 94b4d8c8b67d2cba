"""Who works on a stage: claim, heartbeat and release, by the attempt's id or by the session's."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.conditions import lease_token
from sessions_app.api.operations import Answer, operation
from sessions_app.api.sessions import SESSION_ID
from stages_app.api import examples
from stages_app.api.seen import stage_claimed
from stages_app.api.session_stages import STAGE_ID
from stages_app.api.stages import CHANGED
from stages_app.api.views import LEASE, STAGE_INSTANCE_ID, TAG, StageViewSet
from stages_app.models import StageInstance
from stages_app.representation import heartbeat_json
from stages_app.services import StageInstanceManager

_CLAIM = (
    "Holds an active stage for some time: meanwhile every change to it needs the header `Vcflow-Lease` with the"
    " answered `token`. Claimed again with that header the lease lasts anew, and no event tells of it. Somebody else's"
    " gives 409 `leased`, unless its time ran out or it is taken with `take` and a reason."
)
_BEAT = (
    "The lease that `Vcflow-Lease` names lasts anew from now on; no event tells of it and nothing else changes. Once"
    " it went to somebody else, was released, or the stage is active no more, this is 409 `lease-lost`: stop working."
)
_RELEASE = "Ends the lease that `Vcflow-Lease` names; one whose time ran out can be ended without it."

_CLAIMED = Answer("ClaimChange", "The attempt with the lease and its token.", examples.CLAIM_CHANGE)
_BEATEN = Answer("Heartbeat", "Until when the lease lasts now.", examples.HEARTBEAT)


class Leases(StageViewSet):
    """Leases on stages."""

    @operation(
        "claimStage",
        "Claim a stage",
        _CLAIM,
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="Claim",
        body_example={"seconds": 600, "holder": "agent 7"},
        answer=_CLAIMED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def claim(self, request: Request, stage_instance_id: str) -> Response:
        """Hold one."""
        return self._claimed(lambda manager: manager.claim_instance(stage_instance_id, **self.given))

    @operation(
        "claimStageOfSession",
        "Claim a session's stage",
        f"The last attempt at the stage. {_CLAIM}",
        tag=TAG,
        parameters=[SESSION_ID, STAGE_ID, LEASE],
        body="Claim",
        body_example={"seconds": 600, "holder": "agent 7"},
        answer=_CLAIMED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def claim_of_session(self, request: Request, session_id: str, stage_id: str) -> Response:
        """Hold one of a session."""
        return self._claimed(lambda manager: manager.claim_stage(session_id, stage_id, **self.given))

    @operation(
        "heartbeatStage",
        "Keep a stage claimed",
        _BEAT,
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        answer=_BEATEN,
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def heartbeat(self, request: Request, stage_instance_id: str) -> Response:
        """Keep one."""
        return Response(heartbeat_json(self._holder.heartbeat_instance(stage_instance_id)))

    @operation(
        "heartbeatStageOfSession",
        "Keep a session's stage claimed",
        f"The last attempt at the stage. {_BEAT}",
        tag=TAG,
        parameters=[SESSION_ID, STAGE_ID, LEASE],
        answer=_BEATEN,
        is_change=True,
        is_keyed=False,
        errors=[404],
    )
    def heartbeat_of_session(self, request: Request, session_id: str, stage_id: str) -> Response:
        """Keep one of a session."""
        return Response(heartbeat_json(self._holder.heartbeat_stage(session_id, stage_id)))

    @operation(
        "releaseStage",
        "Release a stage",
        _RELEASE,
        tag=TAG,
        parameters=[STAGE_INSTANCE_ID, LEASE],
        body="Reason",
        body_example={"reason": "Handing over"},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def release(self, request: Request, stage_instance_id: str) -> Response:
        """Let one go."""
        return self.change_stage(lambda manager: manager.release_instance(stage_instance_id, **self.given))

    @operation(
        "releaseStageOfSession",
        "Release a session's stage",
        f"The last attempt at the stage. {_RELEASE}",
        tag=TAG,
        parameters=[SESSION_ID, STAGE_ID, LEASE],
        body="Reason",
        body_example={"reason": "Handing over"},
        answer=CHANGED,
        is_change=True,
        is_conditional=True,
        errors=[404],
    )
    def release_of_session(self, request: Request, session_id: str, stage_id: str) -> Response:
        """Let one of a session go."""
        return self.change_stage(lambda manager: manager.release_stage(session_id, stage_id, **self.given))

    @property
    def _holder(self) -> StageInstanceManager:
        return StageInstanceManager(self.actor, lease=lease_token(self.request))

    def _claimed(self, verb: Callable[[StageInstanceManager], StageInstance]) -> Response:
        return self.change(StageInstanceManager, verb, lambda row: stage_claimed(self.actor, row))
