"""A session and its task in a tracker, brought together: what every tracker shares.

One meeting reads both sides, merges them field by field with the state that they had in common last,
pulls (the session does the verbs), pushes (the task is written), and remembers the common state.  A
meeting may break off anywhere and be held again; where nothing differs it writes nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from sessions_app import language
from sessions_app.actors import Actor
from sessions_app.exceptions import FlowError, PreconditionFailed
from sessions_app.language import gettext as _
from sessions_app.masking import shown
from sessions_app.models import FlowSession
from status_bridge import conflicts, outbox, tracking_verbs
from status_bridge.conflicts import TASK
from status_bridge.merge import Decision, merge
from status_bridge.messages import Message
from status_bridge.models import Conflict, ConflictKind, Settlement, Subscription
from status_bridge.trackers import NotNow, Task, TaskLost, Tracker
from status_bridge.tracking_links import LinkState, link_of, obtain_link
from status_bridge.tracking_making import SLACK, claimed_task, make_task, settle_place
from status_bridge.tracking_picture import ENDED, ITEM, OPENED, STATUS, TITLE, Picture, picture_of

logger = logging.getLogger("workflow.session.integration")

ActorOf = Callable[[str], Actor]
"""Gives the actor for the name of somebody at the tracker, such as ``github:octocat``."""
ROUNDS = 4
"""How often both sides are read while they keep changing."""
MOST_REFUSALS = 20
"""How many of them one comment tells; the list of conflicts has all."""


class _Plan(NamedTuple):
    pulls: dict[str, Any]
    held: set[str]


def follow(message: Message, subscription: Subscription, actor_of: ActorOf, tracker: Tracker) -> str:
    """Bring a message's session and its task together, in the language of the task; says what came of it.

    ``actor_of`` gives who does what somebody there asks for.  Raises NotNow, and what the tracker raises.
    """
    return copy_context().run(_Meeting(message, subscription, actor_of, tracker).hold)


class _Meeting:
    def __init__(self, message: Message, subscription: Subscription, actor_of: ActorOf, tracker: Tracker) -> None:
        self._message = message
        self._subscription = subscription
        self._actor_of = actor_of
        self._tracker = tracker
        self._session_id = message.session_id
        self._said = set[str]()
        self._link: LinkState

    def hold(self) -> str:
        flow_session = self._read_session()
        if flow_session is None:
            return self._part()
        if not outbox.reaches(self._subscription, flow_session):
            return _("The session is no longer one of those that are told.")
        self._link = obtain_link(self._subscription.pk, self._session_id)
        self._speak()
        if self._link.notes.is_lost and not self._begins_anew():
            return _("The task is gone; a person has to say whether a new one is made.")
        try:
            return self._meet(flow_session)
        except TaskLost as lost:
            return self._lose(str(lost))

    def _read_session(self) -> FlowSession | None:
        return FlowSession.objects.filter(pk=self._session_id).first()

    def _speak(self) -> None:
        """One language for a task, whichever worker writes it."""
        notes = self._link.notes
        if not notes.language:
            notes.language = self._subscription.options.get("language") or language.current()
        language.activate(notes.language)

    def _meet(self, flow_session: FlowSession | None) -> str:
        task = self._task_made_now(flow_session)
        for _round in range(ROUNDS):
            if flow_session is None:
                return self._part()
            picture = picture_of(flow_session)
            task = task or self._read_task()
            ours = {**picture.fields, TITLE: self._tracker.title(picture)}
            theirs = self._tracker.fields(task, picture, self._link.fields)
            plan = self._plan(ours, theirs)
            if not plan.pulls:
                self._push(task, picture, ours, theirs, plan.held)
                return task.url
            self._pull(plan.pulls, task, picture.version)
            task, flow_session = None, self._read_session()
        raise NotNow(_("Both sides keep changing."), 2)

    def _task_made_now(self, flow_session: FlowSession | None) -> Task | None:
        link = self._link
        is_there = link.external_id and link.notes.place == self._subscription.url
        if flow_session is None or is_there:
            return None
        picture = picture_of(flow_session)
        settle_place(link, self._tracker, picture, self._subscription.url)
        return None if link.external_id else make_task(link, self._tracker, picture)

    def _read_task(self) -> Task:
        task = self._tracker.read(self._link.external_id)
        if task.stamp < max(self._link.stamp, str(self._message.data.get("stamp") or "")):
            raise NotNow(_("The tracker shows an older state than it had."), 2)
        self._link.stamp = task.stamp
        return task

    # Deciding.

    def _plan(self, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> _Plan:
        link = self._link
        rows = conflicts.concerning(self._subscription.pk, self._session_id, link.notes.held)
        self._take_up_settled(rows)
        base = {**{name: False for name in ours if name.startswith(ITEM)}, **link.fields}  # an item begins unticked
        plan = _Plan({}, set())
        for name, decision in merge(base, ours, theirs, link.notes.sent).items():
            row = rows.get(name)
            if decision is Decision.SAME:
                link.notes.held.pop(name, None)
                conflicts.agree(row, ours[name])
            elif name in link.notes.held:
                conflicts.refresh(row, ours[name], theirs.get(name))
                plan.held.add(name)
            elif decision is Decision.PULL:
                plan.pulls[name] = theirs[name]
            elif decision is Decision.CONFLICT:
                values = base.get(name), ours[name], theirs[name]
                found = conflicts.found(
                    self._subscription.pk, self._session_id, name, ConflictKind.BOTH_CHANGED, values
                )
                link.notes.held[name] = found.pk
                plan.held.add(name)
        return plan

    def _take_up_settled(self, rows: Mapping[str, Conflict]) -> None:
        """What a person settled: their value is known now, and ours goes there unless it is the same."""
        link = self._link
        for name, pk in list(link.notes.held.items()):
            row = rows.get(name)
            if row is None or row.pk != pk or row.settled_at:
                del link.notes.held[name]
                if row is not None and row.pk == pk:
                    link.fields[name] = row.theirs

    # Pulling.

    def _pull(self, wanted: dict[str, Any], task: Task, version: int) -> None:
        """Do what was asked for there; what is refused is noted, and ours is pushed back in the next round."""
        refused: list[str] = []
        for name in tracking_verbs.in_order(wanted):
            try:
                version = self._apply(name, wanted[name], task, version)
            except PreconditionFailed:
                break  # the session has moved on meanwhile
            except FlowError as refusal:
                if not tracking_verbs.is_refusal(refusal):
                    raise
                refused.append(self._note_refusal(name, wanted[name], refusal))
            self._take_over(name, wanted[name])
        if refused:
            self._tell("\n\n".join(refused[:MOST_REFUSALS]), _digest(task.stamp, refused)[:16])
        self._link.store()

    def _take_over(self, name: str, value: Any) -> None:
        """Their value is the common one now; a sign of the status before may stand there until the next writing."""
        if name == STATUS:
            self._link.notes.sent.setdefault(name, []).append(self._link.fields.get(name))
        self._link.fields[name] = value

    def _apply(self, name: str, value: Any, task: Task, version: int) -> int:
        login = self._tracker.changed_by(task, name) or str(self._message.data.get("by") or "")
        by = f"{self._tracker.name}:{shown(login)}" if login else self._tracker.name
        reason = _("asked for there by {name}").format(name=by)
        return tracking_verbs.apply(self._actor_of(by), self._session_id, name, value, reason=reason, version=version)

    def _note_refusal(self, name: str, value: Any, refusal: FlowError) -> str:
        words = shown(f"{refusal.message} {refusal.fix}".strip())
        base = self._link.fields.get(name)
        values = base, base, value
        conflicts.found(self._subscription.pk, self._session_id, name, ConflictKind.REFUSED, values, reason=words)
        logger.warning("%s: %s: %s", self._session_id, name, words)
        return _("vcflow could not change {what}: {reason}").format(what=tracking_verbs.field_name(name), reason=words)

    def _tell(self, text: str, mark: str) -> None:
        """Note what is to be said below the task; it is said once the task shows again what is true."""
        self._link.notes.telling[mark] = [text, timezone.now().isoformat()]
        self._said.add(mark)

    # Pushing.

    def _push(
        self, task: Task, picture: Picture, ours: Mapping[str, Any], theirs: Mapping[str, Any], held: set[str]
    ) -> None:
        link = self._link
        wanted = self._tracker.wanted(task, picture, link.notes.nonce, held)
        if wanted and _digest(task.content, wanted) != link.notes.wrote:
            self._note_sent(ours, theirs, held)
            written = self._tracker.write(task, wanted)
            left = self._tracker.wanted(written, picture, link.notes.nonce, held)
            is_stuck = bool(left) and self._tracker.repeats(left, wanted)
            link.notes.wrote = _digest(written.content, left) if is_stuck else ""
            link.stamp = max(link.stamp, written.stamp)
            if is_stuck:
                logger.warning("%s: the tracker keeps another form of what was written", self._session_id)
        link.fields = {name: link.fields.get(name) if name in held else value for name, value in ours.items()}
        link.notes.sent = {}
        link.seq = picture.version
        self._say()
        link.store()

    def _note_sent(self, ours: Mapping[str, Any], theirs: Mapping[str, Any], held: set[str]) -> None:
        """Remember what is on its way: an answer that gets lost must not make our own word look like theirs."""
        sent = self._link.notes.sent
        for name, value in ours.items():
            if name not in held and theirs.get(name) != value:
                passing = [OPENED] if name == STATUS and value in ENDED else []  # it may be opened in between
                known = sent.setdefault(name, [])
                known += [each for each in [value, *passing] if each not in known]
        self._link.store()

    def _say(self) -> None:
        telling = self._link.notes.telling
        for mark, (text, noted_at) in list(telling.items()):
            since = None if mark in self._said else datetime.fromisoformat(noted_at) - SLACK
            self._tracker.say(self._link.external_id, text, mark, since)
            del telling[mark]

    # What ends.

    def _lose(self, reason: str) -> str:
        """The task is gone: a person says whether there is to be a new one."""
        link = self._link
        url = link.external_url
        row = conflicts.found(
            self._subscription.pk, self._session_id, TASK, ConflictKind.BOTH_CHANGED, (url, url, None), reason=reason
        )
        link.notes.is_lost = True
        link.notes.held[TASK] = row.pk
        link.store()
        logger.warning("%s: %s", self._session_id, reason)
        return reason

    def _begins_anew(self) -> bool:
        """Whether a person settled that a task that was lost is to be made again."""
        row = conflicts.concerning(self._subscription.pk, self._session_id, self._link.notes.held).get(TASK)
        if row is None or row.settlement != Settlement.OURS:
            return False
        self._link.forget_task()
        return True

    def _part(self) -> str:
        """The session was deleted."""
        link = link_of(self._subscription.pk, self._session_id)
        if link is None or link.notes.is_ended or link.notes.is_lost or link.notes.place != self._subscription.url:
            return _("The session is gone, and nothing is left to be told.")
        self._link = link
        self._speak()
        external_id = link.external_id or self._unheard_of_task()
        if external_id:
            text = _("The session {id} was deleted; nothing here is followed any more.").format(id=self._session_id)
            try:
                self._tracker.end(external_id, text, "end", link.changed_at - SLACK)
            except TaskLost as lost:
                logger.warning("%s: %s", self._session_id, lost)
        link.notes.is_ended = True
        link.store()
        return link.external_url

    def _unheard_of_task(self) -> str:
        if not self._link.claimed_at:
            return ""
        picture = Picture(self._session_id, 0, "", "CANCELED", "", 0, ())
        task = claimed_task(self._link, self._tracker, picture)
        return task.id if task else ""


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()
