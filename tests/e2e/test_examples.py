"""The example files become the workflows that a reader of them expects, and each can be played through."""

import subprocess
import sys
from typing import NamedTuple

import pytest

from sessions_app import definitions
from sessions_app.actors import local_actor
from sessions_app.publishing import publish
from sessions_app.services import FlowSessionManager
from sessions_app.states import SessionStatus
from stages_app.services import StageInstanceManager
from tests.architecture.test_house import ROOT
from tests.real_rules import Counts, counts

EXAMPLES = ROOT / "examples"


class Expected(NamedTuple):
    """What a file holds; ``ways`` are the transitions that lead elsewhere than to the following stage."""

    counts: Counts
    stages: str
    optional: str = ""
    ways: tuple[tuple[str, str], ...] = ()


FILES = {
    "rules/release-flow.mdc": Expected(
        Counts(5, 8, 8, 6),
        "freeze verify notes roll-out follow-up",
        "the-slowest-page-is-no-slower-than upgrade guide",
        (("verify", "freeze"), ("roll-out", "verify")),
    ),
    "rules/hotfix-flow.mdc": Expected(
        Counts(5, 4, 9, 5), "triage reproduce fix release review", ways=(("release", "triage"),)
    ),
    "rules/code-review-flow.mdc": Expected(
        Counts(6, 5, 0, 5), "stage-1 stage-2 stage-3 stage-4 stage-5 stage-6", "item-5"
    ),
    "rules/incident-flow.mdc": Expected(
        Counts(5, 6, 7, 6, ("front-matter",)),
        "confirm-the-incident mitigate diagnose repair review",
        "follow-up tasks",
        (("confirm-the-incident", "diagnose"), ("repair", "diagnose")),
    ),
    "rules/bug-lifecycle.mdc": Expected(
        Counts(4, 4, 3, 4), "reported confirmed fixing verifying", "item-3", (("verifying", "fixing"),)
    ),
    "rules/database-migration.md": Expected(
        Counts(5, 11, 0, 4, ("not-taken",)),
        "plan rehearse migrate check clean-up",
        "writes-are-paused-if-the-plan-says-so clean-up",
    ),
    "rules/launch-checkpoints.mdc": Expected(Counts(4, 9, 0, 0), "stage-1 stage-2 stage-3 stage-4"),
    "workflows/experiment.yaml": Expected(
        Counts(6, 4, 5, 1), "question instrument review run conclude publish", "publish", (("run", "question"),)
    ),
}


def definition(name):
    (reading,) = definitions.read_file(EXAMPLES / name)
    return reading.definition


def test_every_example_file_is_expected():
    found = [path for folder in ("rules", "workflows") for path in (EXAMPLES / folder).iterdir()]
    assert {path.relative_to(EXAMPLES).as_posix() for path in found} == set(FILES)


@pytest.mark.parametrize(("name", "expected"), FILES.items(), ids=list(FILES))
def test_example_becomes_the_expected_workflow(name, expected):
    (reading,) = definitions.read_file(EXAMPLES / name)
    assert counts(reading) == expected.counts

    stages = reading.definition.stages
    following = dict(zip((stage.id for stage in stages), (stage.id for stage in stages[1:]), strict=False))
    parts = [(*stage.checklist, *stage.deliverables, stage) for stage in stages]
    ways = reading.definition.transitions
    assert " ".join(stage.id for stage in stages) == expected.stages
    assert " ".join(part.id for stage in parts for part in stage if not part.required) == expected.optional
    assert tuple((w.source, w.target) for w in ways if following.get(w.source) != w.target) == expected.ways


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILES)
def test_example_is_played_through_the_services(name):
    workflow = definition(name)
    publish(local_actor(), workflow)
    sessions, stages = FlowSessionManager(), StageInstanceManager()
    flow_session = sessions.create_session(workflow.id, "played")
    for stage in workflow.stages:
        if not stage.required:
            continue
        attempt = stages.start_instance(stages.create_instance(flow_session.pk, stage.id).pk)
        sessions.pause_session(flow_session.pk)
        sessions.resume_session(flow_session.pk)
        for item in stage.checklist:
            if item.required:
                stages.complete_item(attempt.pk, item.id)
        given = {deliverable.id: "given" for deliverable in stage.deliverables if deliverable.required}
        stages.complete_instance(attempt.pk, given)
    assert sessions.get_session(flow_session.pk).status == SessionStatus.COMPLETED


def demo(*words, environ):
    return subprocess.run(
        [sys.executable, EXAMPLES / "demo.py", *words], cwd=ROOT, env=environ, capture_output=True, encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("language", "words", "told"),
    [
        ("en", [], "which paused the session, has ended"),
        ("zh-hans", [], "已经结束"),
        ("en", ["examples/workflows/experiment.yaml"], "Imported: experiment"),
    ],
)
def test_demo_shows_a_session_from_import_to_completion(language, words, told, command_environ):
    played = demo(*words, environ={**command_environ, "VCFLOW_LANG": language})
    assert played.returncode == 0, played.stderr
    assert told in played.stdout
    assert "100%" in played.stdout.partition("$ vc flow status")[2]
    assert len(played.stdout.splitlines()) < 75


def test_demo_of_a_file_without_a_workflow_ends_with_the_reason(tmp_path, command_environ):
    (tmp_path / "tips.md").write_text("# Tips\n\n1. Keep functions short\n")
    played = demo(str(tmp_path / "tips.md"), environ=command_environ)
    assert played.returncode == 1
    assert "no-workflow" in played.stderr
    assert "Traceback" not in played.stderr
