"""Long random lives of sessions, compared step by step with a small model.

Guided: a third of the steps is drawn from what the model would accept now and a third from
what it would refuse, for a blind walk soon stands where nothing is possible.
"""

import contextlib
import itertools
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sessions_app.exceptions import FlowError
from sessions_app.models import FlowSession, SessionEvent
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.models import StageInstance
from stages_app.services import StageInstanceManager
from tests.architecture.test_docs import recorded_events
from tests.factories import actor, assert_consistent, publish_workflow, stage
from tests.stages_app.small_model import AD_HOC, DEFINED, DONE, REFUSED, SAME, SESSION_VERBS, STAGE_VERBS, Model

SETTINGS = settings(
    derandomize=True,
    phases=[Phase.generate],  # a life is chosen by its seed: shrinking tells nothing and takes minutes
    max_examples=6,  # per opening, in a sequential and in a parallel workflow
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
AT_LEAST = 5
SHARE_OF_ENDS = 0.1
STAGES = (*DEFINED, AD_HOC)
WORK = ("tick", "untick", "deliver", "run", "make")

REASONED = [(True, "because"), (False, "because"), (False, ""), (True, "")]
MOVES = [
    *(
        ("session", verb, "", *how)
        for verb in SESSION_VERBS
        for how in (REASONED if verb == "complete" else REASONED[1:3])
    ),
    *(
        ("stage", verb, stage_id, *how)
        for verb in STAGE_VERBS
        for stage_id in STAGES
        for how in (REASONED if verb in ("start", "complete") else REASONED[1:3])
    ),
    *(("work", verb, stage_id, False, "") for verb in WORK for stage_id in STAGES),
]

BESIDE = ("keep", "restore", "fork", "note", "change", "change_stage", "assign", "add", "claim")
"""What leaves the model as it is, or puts back one that was kept."""

ELSEWHERE = {"session.deleted", "session.migrated", "session.mended", "session.imported"}
"""Types of events that no life here has; their own tests look whether they replay."""

LASTING = [move for move in MOVES if move[1] != "abort"]

COMPLETE = ("session", "complete", "", True, "because")
ABORT = ("session", "abort", "", False, "")
START = ("session", "start", "", False, "")
BUILD = ("stage", "start", "build", True, "because")
TICK = ("work", "tick", "build", False, "")
UNTICK = ("work", "untick", "build", False, "")
OPENINGS = {
    "pending": [],
    "active": [],
    "completed": [COMPLETE, ABORT],
    "building": [BUILD],
    "ticked": [START, BUILD, TICK, UNTICK],
}
"""How a life begins: some lead to where chance seldom does."""


def foretell(model, move):
    """What the model says of a move, and does."""
    kind, verb, stage_id, force, reason = move
    if kind == "session":
        return model.session(verb, force=force, reason=reason)
    if kind == "stage":
        return model.stage(stage_id, verb, force=force, reason=reason)
    if verb == "run":
        return model.run(stage_id, force=force, reason=reason)
    if verb == "make":
        return model.make(stage_id)
    if verb != "deliver" and stage_id != "build":
        return REFUSED  # only build has an item
    return model.work(stage_id, model.delivered if verb == "deliver" else model.ticked, add=verb != "untick")


class Lives(RuleBasedStateMachine):
    """A session and its model, side by side."""

    opening = "active"
    parallel = False
    seen: Counter[tuple[str, str, str]] = Counter()

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed):
        self.random = random.Random(seed)
        self.asked = Counter()
        who = actor("lin")
        self.sessions, self.stages, self.savepoints = (
            FlowSessionManager(who),
            StageInstanceManager(who),
            SavepointManager(who),
        )
        self.kept = []
        start = self.opening not in ("pending", "ticked")
        self.model = Model(self.parallel, "ACTIVE" if start else "PENDING")
        self.key = self.sessions.create_session("wide" if self.parallel else "narrow", start=start).pk
        for move in OPENINGS[self.opening]:
            self.do(move)

    @rule()
    def do_what_is_accepted(self):
        # An aborted session leads nowhere, so the walk goes there rarely.
        moves = MOVES if self.random.random() < SHARE_OF_ENDS else LASTING
        self.do_the_rarest(moves, DONE)

    @rule()
    def do_what_is_refused(self):
        self.do_the_rarest(MOVES, REFUSED)

    @rule()
    def do_anything(self):
        self.do(self.random.choice(LASTING))

    @rule()
    def do_beside_the_model(self):
        verb = min(BESIDE, key=lambda each: (self.asked[each], self.random.random()))
        self.asked[verb] += 1
        begun = sorted(self.model.states)
        if verb not in ("change_stage", "assign", "add", "claim"):
            self.try_to(getattr(self, verb))
        elif begun:
            stage_id = self.random.choice(begun)
            self.try_to(getattr(self, verb), stage_id, f"{self.key}.{stage_id}.{self.model.attempts[stage_id]}")

    def try_to(self, do, *about):
        with contextlib.suppress(FlowError):
            do(*about)

    def keep(self):
        self.kept.append((self.savepoints.create_savepoint(self.key, "kept").pk, self.model.copy()))

    def restore(self):
        if self.kept:
            savepoint_id, model = self.random.choice(self.kept)
            self.savepoints.restore_savepoint(savepoint_id)
            self.model = model.copy()

    def fork(self):
        if self.kept:
            assert_consistent(self.savepoints.fork_savepoint(self.random.choice(self.kept)[0]).pk)

    def note(self):
        self.sessions.note_session(self.key, "seen")

    def change(self):
        number = self.random.randrange(5)
        entries = {
            "context": {"n": number, "token": f"hunter{number}"},
            "metadata": {"a": [number]},
            "tags": [str(number)],
        }
        self.sessions.update_session(self.key, {**entries, "name": f"Life {number}"})

    def change_stage(self, _stage_id, instance_id):
        number = self.random.randrange(5)
        entries = {
            "context": {"n": number or None},
            "config": {"timeout": number + 1},
            "metadata": {"m": {"k": number}},
        }
        self.stages.update_instance(instance_id, {**entries, "name": self.random.choice(["", f"Part {number}"])})

    def assign(self, stage_id, _instance_id):
        self.stages.assign_stage(self.key, stage_id, self.random.choice(["lin", None]))

    def add(self, _stage_id, instance_id):
        item = self.stages.add_item(instance_id, "More", required=False)
        if self.random.random() < 0.5:
            self.stages.complete_item(instance_id, item.item_id)

    def claim(self, _stage_id, instance_id):
        held = self.stages.claim_instance(instance_id)
        StageInstanceManager(self.stages.actor, lease=held.lease_token).release_instance(instance_id)

    def do_the_rarest(self, moves, outlook):
        """Of the moves with that outlook one whose verb this life has seen least."""
        possible = [move for move in moves if foretell(self.model.copy(), move) == outlook]
        if possible:
            verbs = sorted({move[:2] for move in possible})
            verb = min(verbs, key=lambda each: (self.asked[each, outlook], Lives.seen[(*each, outlook)]))
            # What befalls the whole session cuts the work on its stages short.
            self.asked[verb, outlook] += 2 if verb[0] == "session" else 1
            self.do(self.random.choice([move for move in possible if move[:2] == verb]))

    def do(self, move):
        attempt = self.model.attempts.get(move[2])
        expected = foretell(self.model, move)
        answered = self.perform(move, attempt)
        assert answered == expected, (move, answered, expected)
        self.seen[(*move[:2], expected)] += 1

    def perform(self, move, attempt):
        """Do the move to the real session, by one way in or the other."""
        kind, verb, stage_id, force, reason = move
        manager = self.sessions if kind == "session" else self.stages
        instance_id = f"{self.key}.{stage_id}.{attempt or 1}"
        options = {"reason": reason, **({"force": True} if force else {})}
        try:
            if kind == "session":
                getattr(manager, f"{verb}_session")(self.key, **options)
            elif kind == "work":
                self.work(verb, stage_id, instance_id)
            elif attempt and self.random.random() < 0.5:
                getattr(manager, f"{verb}_instance")(instance_id, **options)
            else:
                manager.perform(self.key, stage_id, verb, **options)
        except FlowError:
            return REFUSED
        return DONE if manager.outcome.changed else SAME

    def work(self, verb, stage_id, instance_id):
        if verb == "run":
            self.stages.run_stage(self.key, stage_id)
        elif verb == "make":
            self.stages.create_instance(self.key, stage_id)
        elif verb == "deliver":
            self.stages.add_deliverables(instance_id, {"report": "r"})
        else:
            (self.stages.complete_item if verb == "tick" else self.stages.reopen_item)(instance_id, "one")

    @invariant()
    def agrees_with_the_model(self):
        if not hasattr(self, "key"):
            return
        stored = FlowSession.objects.get(pk=self.key)
        attempts = Counter(StageInstance.objects.filter(session_id=self.key).values_list("stage_id", flat=True))
        assert (stored.status, stored.stage_states) == (self.model.status, self.model.states)
        assert attempts == self.model.attempts
        assert stored.progress == self.model.progress
        assert_consistent(self.key)


@pytest.mark.django_db
def test_lives_of_sessions_agree_with_the_model():
    stages = [
        stage("plan"),
        stage("build", items=["one"], depends_on=["plan"]),
        stage("ship", deliverables=["report"], required=False),
    ]
    publish_workflow(*stages, id="narrow")
    publish_workflow(*stages, id="wide", parallel=True)
    Lives.seen = Counter()
    for Lives.opening, Lives.parallel in itertools.product(OPENINGS, (False, True)):
        run_state_machine_as_test(Lives, settings=SETTINGS)
    verbs = [("session", verb) for verb in SESSION_VERBS] + [("stage", verb) for verb in STAGE_VERBS]
    verbs += [("work", verb) for verb in WORK]
    rare = {(*verb, result): Lives.seen[(*verb, result)] for verb in verbs for result in (DONE, REFUSED)}
    assert not {key: count for key, count in rare.items() if count < AT_LEAST}
    told = set(SessionEvent.objects.values_list("type", flat=True))
    assert (recorded_events() | {"stage.updated", "stage.assigned"}) - ELSEWHERE - told == set()
