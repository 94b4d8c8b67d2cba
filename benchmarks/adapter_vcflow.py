"""vcflow as a peer of the harness, which runs this as ``adapters/vcflow.py``.

One call of the public Python API per action, each given only ids, each its own
transaction; the settings are those that vcflow ships.
"""

from __future__ import annotations

import os
from typing import Any

from common import DB, DELIVERABLE, ITEMS, ROOT, STAGES, Adapter, script  # the harness's


class Adapter_(Adapter):  # noqa: N801 - the name that the harness looks for
    name = "vcflow"
    venv = "vcflow"

    def setup(self, db: DB, fresh: bool) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "vcflow_site.settings"
        os.environ["VCFLOW_HOME"] = os.path.join(ROOT, "home-journeys")
        os.environ["VCFLOW_DATABASE_URL"] = _database_url(db)
        import django

        django.setup()

        from sessions_app.services import FlowSessionManager
        from stages_app.services import StageInstanceManager

        if fresh:
            _create_schema_and_workflow()
        self.sessions = FlowSessionManager()
        self.stages = StageInstanceManager()

    def journey(self, i: int) -> None:
        self.last = session_id = self.sessions.create_session("dev", f"s{i}").pk
        instance_id = ""
        for kind, stage, item in list(script())[1:]:
            if kind == "start":
                instance_id = self.stages.run_stage(session_id, STAGES[stage]).pk
            elif kind == "tick":
                self.stages.complete_item(instance_id, ITEMS[item])
            elif kind == "complete":
                self.stages.complete_instance(instance_id, {"report": DELIVERABLE})
            else:
                verb = {"pause": "pause_session", "resume": "resume_session", "finish": "complete_session"}[kind]
                getattr(self.sessions, verb)(session_id)

    def verify(self) -> None:
        flow_session = self.sessions.get_session(self.last)
        attempts = list(flow_session.stage_instances.all())
        assert flow_session.status == "COMPLETED"
        assert len(attempts) == len(STAGES)
        assert all(len(attempt.completed_items) == len(ITEMS) for attempt in attempts)
        assert all(attempt.deliverables == {"report": DELIVERABLE} for attempt in attempts)
        assert flow_session.events.count() >= 29


def _database_url(db: DB) -> str:
    if not db.is_pg:
        return f"sqlite:///{db.path}"
    return f"postgres://bench@127.0.0.1:{os.environ['BENCH_PG_PORT']}/{db.pgname}"


def _create_schema_and_workflow() -> None:
    from django.core.management import call_command

    from sessions_app.actors import local_actor
    from sessions_app.definitions.schema import ChecklistItem, Definition, Deliverable, StageDefinition
    from sessions_app.publishing import publish

    call_command("migrate", verbosity=0, interactive=False)
    parts: dict[str, Any] = {
        "checklist": tuple(ChecklistItem(item, item) for item in ITEMS),
        "deliverables": (Deliverable("report", "report"),),
    }
    stages = tuple(StageDefinition(stage, stage.title(), order, **parts) for order, stage in enumerate(STAGES, 1))
    publish(local_actor(), Definition("dev", "dev", stages))
