"""Fill a fresh database with sessions that have begun; prints what the command line's measurements need."""

from __future__ import annotations

import json
import sys

import django

STAGES = ("story", "spec", "coding", "test", "review")


def main(count: int) -> None:
    """Make ``count`` sessions of a workflow of its own; prints their ids and how many models each of our apps has."""
    django.setup()

    from django.apps import apps

    from sessions_app.actors import local_actor
    from sessions_app.definitions.schema import ChecklistItem, Definition, StageDefinition
    from sessions_app.publishing import publish
    from sessions_app.services import FlowSessionManager
    from stages_app.services import StageInstanceManager

    checklist = (ChecklistItem("first", "First"), ChecklistItem("second", "Second"))
    stages = tuple(
        StageDefinition(stage, stage.title(), order, checklist=checklist) for order, stage in enumerate(STAGES, 1)
    )
    publish(local_actor(), Definition("bench", "Benchmark", stages))
    ids = [FlowSessionManager().create_session("bench", f"Feature {number}").pk for number in range(count)]
    for session_id in ids:
        StageInstanceManager().run_stage(session_id, STAGES[0])
    labels = ("sessions_app", "stages_app", "status_bridge")
    models = {label: len(list(apps.get_app_config(label).get_models())) for label in labels}
    print(json.dumps({"sessions": ids, "models": models}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
