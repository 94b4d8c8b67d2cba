"""What sessions and stages do, told a second time as simply as can be: for the tests to compare with.

Written from the contract; shares nothing with the code under test.
"""

from dataclasses import dataclass, field

SESSION_VERBS = {
    "start": (("PENDING",), "ACTIVE"),
    "pause": (("ACTIVE",), "PAUSED"),
    "resume": (("PAUSED", "FAILED"), "ACTIVE"),
    "complete": (("ACTIVE",), "COMPLETED"),
    "reopen": (("COMPLETED",), "ACTIVE"),
    "fail": (("ACTIVE", "PAUSED"), "FAILED"),
    "abort": (("PENDING", "ACTIVE", "PAUSED", "FAILED"), "ABORTED"),
}
STAGE_VERBS = {
    "start": (("PENDING",), "ACTIVE"),
    "pause": (("ACTIVE",), "PAUSED"),
    "resume": (("PAUSED",), "ACTIVE"),
    "complete": (("ACTIVE",), "COMPLETED"),
    "fail": (("ACTIVE", "PAUSED"), "FAILED"),
    "retry": (("FAILED", "COMPLETED", "SKIPPED"), "ACTIVE"),
    "skip": (("PENDING", "ACTIVE", "PAUSED", "FAILED"), "SKIPPED"),
}
RUN = {
    None: "start",
    "PENDING": "start",
    "PAUSED": "resume",
    "FAILED": "retry",
    "COMPLETED": "retry",
    "SKIPPED": "retry",
}
DEFINED = ("plan", "build", "ship")
DEPENDS_ON = {"build": "plan"}
REQUIRED = ("plan", "build")
NEEDS_TICK = ("build",)
NEEDS_DELIVERABLE = ("ship",)
AD_HOC = "spike"

DONE, SAME, REFUSED = "done", "same", "refused"


@dataclass
class Model:
    """One session of three stages: ``build`` depends on ``plan``, ``ship`` is optional, ``spike`` is ad hoc."""

    parallel: bool
    status: str
    states: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    with_session: set[str] = field(default_factory=set)
    ticked: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)

    def copy(self) -> "Model":
        """One to try things on."""
        kept = (self.states, self.attempts, self.with_session, self.ticked, self.delivered)
        return Model(self.parallel, self.status, *(each.copy() for each in kept))

    @property
    def progress(self) -> int:
        done = sum(self.states.get(each) in ("COMPLETED", "SKIPPED") for each in DEFINED)
        return 100 if self.status == "COMPLETED" else 100 * done // len(DEFINED)

    def session(self, verb: str, *, force: bool, reason: str) -> str:
        sources, target = SESSION_VERBS[verb]
        if self.status == target:
            return SAME
        unexplained = not reason and (verb in ("reopen", "fail") or force)
        unfinished = verb == "complete" and not force and not self._is_done()
        if self.status not in sources or unexplained or unfinished:
            return REFUSED
        before, self.status = self.status, target
        if verb == "resume":
            self._resume(before)
        elif verb in ("pause", "fail", "abort", "complete"):
            self._take_along(verb)
        return DONE

    def stage(self, stage_id: str, verb: str, *, force: bool, reason: str) -> str:
        state = self.states.get(stage_id)
        if state is None:
            if verb not in ("start", "skip") or stage_id == AD_HOC:
                return REFUSED
            state = "PENDING"
        sources, target = STAGE_VERBS[verb]
        if state == target:
            return SAME
        unexplained = not reason and (verb == "skip" or force)
        if state not in sources or self.status != "ACTIVE" or unexplained or self._hindered(stage_id, verb, force):
            return REFUSED
        if verb == "retry" or stage_id not in self.states:
            self._new_attempt(stage_id)
        self._put(stage_id, target)
        if target in ("COMPLETED", "SKIPPED") and self._is_done() and not self._holds_back():
            self.session("complete", force=False, reason="")
        return DONE

    def run(self, stage_id: str, *, force: bool, reason: str) -> str:
        state = self.states.get(stage_id)
        if self.status != "ACTIVE":
            return REFUSED
        return SAME if state == "ACTIVE" else self.stage(stage_id, RUN[state], force=force, reason=reason)

    def make(self, stage_id: str) -> str:
        if self.status in ("COMPLETED", "ABORTED") or stage_id in self.states:
            return REFUSED
        self._new_attempt(stage_id)
        self._put(stage_id, "PENDING")
        return DONE

    def work(self, stage_id: str, kept: set[str], *, add: bool = True) -> str:
        """Tick the stage's item, take the tick back, or hand in its deliverable."""
        if self.status != "ACTIVE" or self.states.get(stage_id) != "ACTIVE":
            return REFUSED
        if (stage_id in kept) == add:
            return SAME
        (kept.add if add else kept.discard)(stage_id)
        return DONE

    def _hindered(self, stage_id: str, verb: str, force: bool) -> bool:
        if verb in ("start", "resume", "retry") and not self.parallel and "ACTIVE" in self.states.values():
            return True
        if force:
            return False
        if verb == "start":
            needed = DEPENDS_ON.get(stage_id)
            return needed is not None and self.states.get(needed) not in ("COMPLETED", "SKIPPED")
        unticked = stage_id in NEEDS_TICK and stage_id not in self.ticked
        return verb == "complete" and (unticked or (stage_id in NEEDS_DELIVERABLE and stage_id not in self.delivered))

    def _is_done(self) -> bool:
        return all(self.states.get(each) in ("COMPLETED", "SKIPPED") for each in REQUIRED)

    def _holds_back(self) -> bool:
        return bool({"ACTIVE", "PAUSED"} & set(self.states.values())) or self.states.get(AD_HOC) == "PENDING"

    def _new_attempt(self, stage_id: str) -> None:
        self.attempts[stage_id] = self.attempts.get(stage_id, 0) + 1
        self.ticked.discard(stage_id)
        self.delivered.discard(stage_id)

    def _put(self, stage_id: str, state: str, *, with_session: bool = False) -> None:
        self.states[stage_id] = state
        (self.with_session.add if with_session else self.with_session.discard)(stage_id)

    def _take_along(self, verb: str) -> None:
        from_states, to_state = {
            "pause": (("ACTIVE",), "PAUSED"),
            "fail": (("ACTIVE", "PAUSED"), "FAILED"),
            "abort": (("PENDING", "ACTIVE", "PAUSED", "FAILED"), "ABORTED"),
            "complete": (("PENDING", "ACTIVE", "PAUSED"), "SKIPPED"),
        }[verb]
        for stage_id, state in self.states.items():
            if state in from_states:
                self._put(stage_id, to_state, with_session=verb in ("pause", "fail"))

    def _resume(self, before: str) -> None:
        for stage_id in sorted(self.with_session):
            if self.states[stage_id] != before:
                continue
            if before == "FAILED":
                self._new_attempt(stage_id)
            waits = before == "FAILED" and not self.parallel and "ACTIVE" in self.states.values()
            self._put(stage_id, "PENDING" if waits else "ACTIVE")
