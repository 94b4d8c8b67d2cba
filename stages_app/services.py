"""Stages from Python: each public method is one change, done the one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app import verbs as session_verbs
from sessions_app.change import open_change
from sessions_app.creation import new_session, record_creation
from sessions_app.current import make_current, switch_active_session
from sessions_app.language import gettext as _
from sessions_app.masking import unmask
from sessions_app.permissions import STAGE_ACTIONS
from sessions_app.text import clean_json_object, clean_name
from stages_app import items, lookup, references, refusals, steps, verbs
from stages_app.attempts import checked_stage_id, creation_changes, last_attempt, new_attempt
from stages_app.claiming import ClaimingManager
from stages_app.models import StageInstance, StageItem
from stages_app.querysets import StageInstanceQuerySet

__all__ = ["StageInstanceManager", "StageManager"]


class StageInstanceManager(ClaimingManager):
    """Makes, steers and reads attempts at stages.  Without an actor it acts as the local user.

    Every verb answers with the attempt's row and leaves what it did in ``outcome``.  It
    raises ``NotFound``, ``IllegalTransition`` (wrong state of the stage or its session),
    ``Conflict`` (another stage is active), ``GuardUnmet`` (something is still open),
    ``InvalidInput`` (a reason is missing) or ``Busy`` (try again).  Where somebody claimed the
    stage, whatever writes to it needs ``lease=<token>``: see :class:`ClaimingManager`.
    """

    def create_instance(self, session_id: str, stage_id: str, name: str | None = None) -> StageInstance:
        """Make an attempt beforehand (PENDING); a stage that the definition doesn't have is ad hoc."""
        return self.create_stage(session_id, stage_id, name=name)

    def create_stage(
        self,
        session_id: str,
        stage_type: str,
        config: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
    ) -> StageInstance:
        """Make an attempt beforehand, with a configuration such as ``{"timeout": 3600}`` (seconds)."""
        stage_id = checked_stage_id(stage_type)
        given_name = "" if name is None else unmask(clean_name(name, _("name")), "", "name")
        given_config = unmask(steps.clean_config({} if config is None else config, _("configuration")), {})
        with self._change(session_id, STAGE_ACTIONS["create"]) as change:
            session_verbs.refuse_if_ended(change.flow_session, "create")
            previous = last_attempt(change.flow_session, stage_id)
            if previous:
                raise refusals.stage_exists(previous)
            stage_instance = new_attempt(change, stage_id, name=given_name, config=given_config)
            change.set_stage_state(stage_id, stage_instance.status)
            change.record("stage.created", creation_changes(stage_instance), stage_instance_id=stage_instance.pk)
            change.result = stage_instance
        return self._finish_stage(change)

    def get_instance(self, instance_id: str) -> StageInstance:
        """The attempt with exactly that id."""
        return lookup.get_instance(self.actor, instance_id)

    def list_instances(self, session_id: str | None = None, status: str | None = None) -> StageInstanceQuerySet:
        """The attempts, of one session and in one status if these are given."""
        return lookup.list_instances(self.actor, session_id, status)

    def update_instance(self, instance_id: str, data: Mapping[str, Any]) -> StageInstance:
        """Change name, assignee (a username or None), context, config or metadata; objects are merged."""
        values = steps.cleaned_values(data)
        with self._stage_change(instance_id, "update") as change:
            steps.update(change, change.result, values)
        return self._finish_stage(change)

    def assign_stage(self, session_id: str, stage_reference: str | None, username: str | None) -> StageInstance:
        """Say whose turn a stage is (None: nobody's); one that has not begun is made ready (PENDING) for it."""
        with self._change(session_id, STAGE_ACTIONS["update"]) as change:
            change.result = steps.assign(change, stage_reference, username)
        return self._finish_stage(change)

    def start_instance(self, instance_id: str, *, force: bool = False, reason: str = "") -> StageInstance:
        """PENDING → ACTIVE, when the stages that it depends on are done or ``force`` is given with a reason."""
        return self._perform(instance_id, "start", force=force, reason=reason)

    def pause_instance(self, instance_id: str, *, reason: str = "") -> StageInstance:
        """ACTIVE → PAUSED."""
        return self._perform(instance_id, "pause", reason=reason)

    def resume_instance(self, instance_id: str, *, reason: str = "") -> StageInstance:
        """PAUSED → ACTIVE."""
        return self._perform(instance_id, "resume", reason=reason)

    def complete_instance(
        self,
        instance_id: str,
        deliverables: Mapping[str, Any] | None = None,
        *,
        force: bool = False,
        reason: str = "",
    ) -> StageInstance:
        """ACTIVE → COMPLETED, when nothing required is open or ``force`` is given with a reason."""
        return self._perform(instance_id, "complete", deliverables=deliverables, force=force, reason=reason)

    def fail_instance(self, instance_id: str, *, reason: str = "") -> StageInstance:
        """ACTIVE or PAUSED → FAILED; the session goes on."""
        return self._perform(instance_id, "fail", reason=reason)

    def skip_instance(self, instance_id: str, *, reason: str = "") -> StageInstance:
        """PENDING, ACTIVE, PAUSED or FAILED → SKIPPED.  A reason is required."""
        return self._perform(instance_id, "skip", reason=reason)

    def retry_instance(self, instance_id: str, *, reason: str = "") -> StageInstance:
        """A new, active attempt at a stage that failed, was completed or was skipped."""
        return self._perform(instance_id, "retry", reason=reason)

    def update_stage_status(
        self, instance_id: str, status: str, metadata: Mapping[str, Any] | None = None
    ) -> StageInstance:
        """Do the verb that leads to ``status``; ``metadata`` is merged in the same change (its ``reason`` is used)."""
        target = steps.checked_status(status)
        values = {"metadata": clean_json_object({} if metadata is None else metadata, _("metadata"))}
        keep_before = steps.kept_before("skip" if target == target.SKIPPED else "")
        with self._stage_change(instance_id, "update", keep_before=keep_before) as change:
            stage_instance: StageInstance = change.result
            if stage_instance.status != target:
                verb = steps.verb_towards(stage_instance, target)
                change.require(STAGE_ACTIONS[verb])
                reason = str(values["metadata"].get("reason") or "")
                change.result = verbs.perform(change, stage_instance, verb, reason=reason)
            steps.update(change, change.result, values)
        return self._finish_stage(change)

    def complete_item(self, instance_id: str, *item_references: str) -> StageInstance:
        """Tick items, each named by its id, its number or a unique beginning of its text."""
        with self._stage_change(instance_id, "items") as change:
            items.set_done(change, change.result, item_references, done=True)
        return self._finish_stage(change)

    def reopen_item(self, instance_id: str, *item_references: str) -> StageInstance:
        """Take ticks back."""
        with self._stage_change(instance_id, "items") as change:
            items.set_done(change, change.result, item_references, done=False)
        return self._finish_stage(change)

    def add_item(self, instance_id: str, text: str, *, required: bool = True) -> StageItem:
        """Add an item to one session's stage, without touching the definition."""
        with self._stage_change(instance_id, "items") as change:
            change.result = items.add(change, change.result, text, required=required)
        item: StageItem = self._finish(change)
        return item

    def add_deliverables(self, instance_id: str, deliverables: Mapping[str, Any]) -> StageInstance:
        """Hand in deliverables by id or name; a value given before is replaced."""
        with self._stage_change(instance_id, "deliverables") as change:
            items.add_deliverables(change, change.result, deliverables)
        return self._finish_stage(change)

    def run_stage(
        self,
        session_id: str,
        stage_id: str,
        *,
        name: str | None = None,
        force: bool = False,
        reason: str = "",
        ad_hoc: bool = False,
    ) -> StageInstance:
        """Get a stage going: begin it, resume it, or make a new attempt; on an active one nothing is done."""
        keep_before = steps.kept_before("run", force=force)
        with self._change(session_id, STAGE_ACTIONS["start"], force=force, keep_before=keep_before) as change:
            change.result = steps.run(change, stage_id, name=name, force=force, reason=reason, ad_hoc=ad_hoc)
            make_current(change)
        if not change.events:
            switch_active_session(session_id, self.actor)
        return self._finish_stage(change)

    def run_in_new_session(
        self,
        workflow_id: str,
        stage_id: str,
        *,
        name: str | None = None,
        force: bool = False,
        reason: str = "",
        ad_hoc: bool = False,
    ) -> StageInstance:
        """Make a session (called ``name``) and begin a stage in it, in one change."""
        with open_change(
            self.actor,
            lambda: new_session(self.actor, workflow_id, name),
            action="create-session",
            force=force,
            idempotency=self._idempotency,
            is_new=True,
        ) as change:
            record_creation(change)
            change.result = steps.run(change, stage_id, name=None, force=force, reason=reason, ad_hoc=ad_hoc)
        return self._finish_stage(change)

    def perform(
        self,
        session_id: str,
        stage_reference: str | None,
        verb: str,
        *,
        reason: str = "",
        force: bool = False,
        deliverables: Mapping[str, Any] | None = None,
    ) -> StageInstance:
        """Do ``verb`` to a session's stage, named by its id or a unique beginning of it; None: the one it is at."""
        steps.check_verb(verb)
        keep_before = steps.kept_before(verb, force=force)
        with self._change(session_id, STAGE_ACTIONS[verb], force=force, keep_before=keep_before) as change:
            stage_id = references.stage_id_of(change.flow_session, stage_reference, verb)
            stage_instance = last_attempt(change.flow_session, stage_id)
            if stage_instance:
                change.result = stage_instance
                change.result = steps.perform(change, stage_instance, verb, deliverables, reason=reason, force=force)
            elif verb == "start":
                change.result = verbs.begin(change, stage_id, reason=reason, force=force)
            elif verb == "skip":
                change.result = verbs.skip_unbegun(change, stage_id, reason=reason)
            else:
                raise refusals.stage_not_begun(change.flow_session, stage_id, verb)
        return self._finish_stage(change)

    def locate_instance(self, session_id: str, stage_reference: str | None = None) -> StageInstance:
        """The last attempt at the stage that is meant; None: the one that the session is at."""
        return lookup.locate_instance(self.actor, session_id, stage_reference)

    def _perform(
        self, instance_id: str, verb: str, *, deliverables: Mapping[str, Any] | None = None, **options: Any
    ) -> StageInstance:
        force = options.get("force", False)
        with self._stage_change(
            instance_id, verb, force=force, keep_before=steps.kept_before(verb, force=force)
        ) as change:
            change.result = steps.perform(change, change.result, verb, deliverables, **options)
        return self._finish_stage(change)


StageManager = StageInstanceManager
