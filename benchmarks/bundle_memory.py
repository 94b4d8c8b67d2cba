"""How much memory and time it takes to export and import very many sessions as a bundle.

    .venv/bin/python -m benchmarks.bundle_memory 100000 fill export check
    .venv/bin/python -m benchmarks.bundle_memory 1000 fill export check empty import

In a data folder of its own, which is removed.  Sessions are copies of one that was worked on, under other ids.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STAGES = 3
AT_ONCE = 500


def main() -> None:
    """The steps that are named, each in a process of its own, whose largest memory it tells."""
    if "BUNDLE" in os.environ:
        _STEPS[sys.argv[2]](int(sys.argv[1]))
        print(json.dumps({"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
        return
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "VCFLOW_HOME": folder, "BUNDLE": str(Path(folder) / "b.jsonl.gz")}
        for step in sys.argv[2:]:
            begin = time.monotonic()
            words = [sys.executable, "-m", "benchmarks.bundle_memory", sys.argv[1], step]
            told = subprocess.run(words, env=environ, check=True, capture_output=True, text=True).stdout
            size = Path(environ["BUNDLE"]).stat().st_size // 1024**2 if Path(environ["BUNDLE"]).exists() else 0
            print(
                f"{step}: {time.monotonic() - begin:.0f} s, {json.loads(told)['mb']} MB of memory, file {size} MB",
                flush=True,
            )


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "vcflow_site.settings"
    import django

    django.setup()


def _fill(count: int) -> None:
    _set_up()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from sessions_app.services import FlowSessionManager
    from stages_app.services import StageInstanceManager
    from tests.factories import publish_workflow, stage

    publish_workflow(*(stage(f"s{number}", items=["a", "b"]) for number in range(STAGES)))
    origin = FlowSessionManager().create_session("dev", "Bench", context={"branch": "main", "text": "x" * 200})
    for number in range(STAGES):
        made = StageInstanceManager().run_stage(origin.pk, f"s{number}")
        StageInstanceManager().complete_item(made.pk, "a", "b")
        StageInstanceManager().complete_instance(made.pk)
    _copy(origin.pk, count)


def _copy(origin_id: str, count: int) -> None:
    from django.db import transaction

    from sessions_app.models import FlowSession, Savepoint, SessionEvent
    from stages_app.models import StageInstance, StageItem
    from status_bridge.models import StatusEntry

    origin = {
        model: list(model.objects.filter(session=origin_id).order_by("pk")) for model in (StageInstance, StatusEntry)
    }
    row = FlowSession.objects.get(pk=origin_id)
    events = list(SessionEvent.objects.filter(session=origin_id).order_by("seq"))
    savepoints = list(Savepoint.objects.filter(session=origin_id))
    items = list(StageItem.objects.filter(stage_instance__session=origin_id).order_by("pk"))
    for start in range(0, count, AT_ONCE):
        batch: dict[type, list[Any]] = {
            model: [] for model in (FlowSession, SessionEvent, StageInstance, StageItem, Savepoint, StatusEntry)
        }
        for number in range(start, min(start + AT_ONCE, count)):
            key = f"dev-bench-{number:08d}"
            head = ""
            for event in events:
                copied = _with(
                    event, pk=None, session_id=key, stage_instance_id=event.stage_instance_id.replace(origin_id, key)
                )
                copied.hash = head = copied.chained_to(head)
                batch[SessionEvent].append(copied)
            batch[FlowSession].append(_with(row, pk=key, chain_head=head))
            for model in (StageInstance, StatusEntry):
                batch[model] += [
                    _with(each, pk=each.pk.replace(origin_id, key), session_id=key) for each in origin[model]
                ]
            batch[StageItem] += [
                _with(item, pk=None, stage_instance_id=item.stage_instance_id.replace(origin_id, key)) for item in items
            ]
            batch[Savepoint] += [_with(each, pk=f"{key}@{each.seq}", session_id=key) for each in savepoints]
        with transaction.atomic():
            for model, rows in batch.items():
                model.objects.bulk_create(rows)  # type: ignore[attr-defined]


def _with(row: Any, **columns: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop("transaction_id", None)
    key = columns.pop("pk")
    return type(row)(**{**values, **columns, row._meta.pk.attname: key})


def _export(_count: int) -> None:
    _set_up()
    from sessions_app.actors import local_actor
    from sessions_app.bundles.files import write_file
    from sessions_app.bundles.writing import Writer
    from sessions_app.models import FlowSession

    ids = list(FlowSession.objects.order_by().values_list("pk", flat=True))
    write_file(Path(os.environ["BUNDLE"]), Writer(local_actor(), with_secrets=True).lines(ids))


def _check(_count: int) -> None:
    _set_up()
    from sessions_app.bundles.importing import Options, check_bundle

    check_bundle(os.environ["BUNDLE"], Options(), _silent)


def _empty(_count: int) -> None:
    home = Path(os.environ["VCFLOW_HOME"])
    for file in home.glob("db.sqlite3*"):
        file.unlink()
    _set_up()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _import(count: int) -> None:
    _set_up()
    from sessions_app.actors import local_actor
    from sessions_app.bundles.importing import Options, check_bundle, take_in

    options = Options(keep_owners=True)
    plan = check_bundle(os.environ["BUNDLE"], options, _silent)
    take_in(local_actor(), plan, options, _silent)
    assert plan.sessions["imported"] == count + 1


def _silent(_count: int) -> None:
    """Tell nothing."""


_STEPS = {"fill": _fill, "export": _export, "check": _check, "empty": _empty, "import": _import}

if __name__ == "__main__":
    main()
