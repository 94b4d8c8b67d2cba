"""``flow export`` of sessions and ``flow import`` of bundles."""

import json
import stat
from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import language
from sessions_app.models import FlowSession
from tests.cli.conftest import play
from tests.factories import new_session, session_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ready(run):
    """A database that is set up."""


def test_sessions_go_out_and_come_in(tmp_path):
    kept, ended = new_session(name="Login"), session_in("ABORTED")
    path = tmp_path / "all.jsonl.gz"
    answer = play("flow", "export", "--sessions", "--all", "--with-secrets", "-o", str(path), "--json")
    assert answer.status == 0, answer.err
    assert (answer.data["sessions"], answer.data["secrets"]) == (2, "included")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    FlowSession.objects.filter(pk=ended.pk).delete()
    trial = play("flow", "import", str(path), "--dry-run", "--json")
    assert trial.data[0]["sessions"]["imported"] == 1
    assert not FlowSession.objects.filter(pk=ended.pk).exists()
    done = play("flow", "import", str(path), "--json")
    assert done.status == 0, done.err
    assert done.data[0]["sessions"] == {"imported": 1, "present": 1, "returned": 0, "renamed": 0, "skipped": 0}
    assert FlowSession.objects.filter(pk__in=[kept.pk, ended.pk]).count() == 2
    assert "1 new, " not in play("flow", "import", str(path)).out


def test_one_session_goes_to_the_output_as_lines():
    flow_session = new_session(name="Login")
    answer = play("flow", "export", flow_session.pk)
    kinds = [json.loads(line)["kind"] for line in answer.out.splitlines()]
    assert kinds == ["vcflow-bundle", "workflow", "version", "session", "event", "session-end", "end"]


@pytest.mark.parametrize(
    "words",
    [
        ["export"],
        ["export", "dev", "--all"],
        ["export", "--sessions", "--json"],
        ["export", "--sessions", "-o", "b.yaml"],
        ["import", "x.jsonl", "--most-bytes", "0"],
    ],
)
def test_what_is_not_said_rightly_is_refused(words, tmp_path):
    new_session()
    assert play("flow", *words).status in (2, 3)


def test_options_that_go_with_sessions_alone_are_named():
    flow_session = new_session()
    for words, named in (
        (["dev", "--workflow", "dev"], "--workflow"),
        ([flow_session.pk, "--all", "--status", "ACTIVE"], "--status, --all"),
    ):
        refused = play("flow", "export", *words)
        assert refused.status == 2
        assert f"{named} can be said only together with --sessions." in refused.err
    assert "not said what to export" in play("flow", "export").err


def test_lists_that_are_empty_say_neutrally_how_to_make_one(run):
    language.activate("zh")
    assert "新建：vc token create" in run("token", "list").out
    assert "新建：vc flow webhook create" in run("flow", "webhook", "list").out
    assert "新建：vc flow session create" in run("flow", "session", "list").out


def test_secrets_are_spoken_of_only_when_sessions_come_in(tmp_path):
    flow_session = new_session()
    path = tmp_path / "one.jsonl"
    play("flow", "export", flow_session.pk, "-o", str(path))
    assert play("flow", "import", str(path), "--json").data[0]["warnings"] == []
    FlowSession.objects.filter(pk=flow_session.pk).delete()
    assert "Secrets are masked" in play("flow", "import", str(path)).out


def test_open_sessions_alone_are_exported_unless_asked(tmp_path):
    kept = new_session()
    session_in("COMPLETED")
    path = tmp_path / "open.jsonl"
    assert play("flow", "export", "--sessions", "-o", str(path)).status == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["id"] for line in lines if line["kind"] == "session"] == [kept.pk]


def test_conflicts_are_told_with_the_way_out(tmp_path):
    flow_session = new_session(name="Login")
    path = tmp_path / "one.jsonl"
    play("flow", "export", flow_session.pk, "-o", str(path))
    play("flow", "session", "note", flow_session.pk, "goes on")
    refused = play("flow", "import", str(path), "--json")
    assert (refused.status, refused.diagnostic["code"]) == (5, "import-conflict")
    assert "1 session contradicts" in refused.diagnostic["message"]
    assert refused.diagnostic["conflicts"] == [{"session_id": flow_session.pk, "reason": "behind"}]
    assert play("flow", "import", str(path), "--dry-run").status == 0
    renamed = play("flow", "import", str(path), "--on-conflict", "rename", "--json").data[0]
    assert renamed["sessions"]["renamed"] == 1
    assert FlowSession.objects.filter(pk=renamed["renamed"][flow_session.pk]).exists()


def test_bundles_and_definitions_come_together(tmp_path):
    flow_session = new_session(name="Login")
    path, rules = tmp_path / "one.jsonl", tmp_path / "fresh.yaml"
    rules.write_text("vcflow: 1\nid: fresh\nname: Fresh\nstages: [{id: draft, name: Draft}]\n")
    play("flow", "export", flow_session.pk, "-o", str(path))
    FlowSession.objects.filter(pk=flow_session.pk).delete()
    answer = play("flow", "import", str(rules), str(path), "--json")
    assert answer.status == 0, answer.err
    assert [entry.get("kind", "definition") for entry in answer.data] == ["definition", "bundle"]
    assert FlowSession.objects.filter(pk=flow_session.pk).exists()


def test_archive_shows_what_it_would_do_and_does_it(tmp_path):
    ended = session_in("COMPLETED")
    assert play("flow", "archive", "--json").diagnostic["code"] == "usage"
    words = ["flow", "archive", "--older-than", "1m", "-o", str(tmp_path)]
    assert play(*words, "--dry-run", "--json").data["sessions"] == []
    FlowSession.objects.filter(pk=ended.pk).update(updated_at=timezone.now() - timedelta(days=1))
    trial = play(*words, "--dry-run", "--json").data
    assert trial == {"sessions": [ended.pk], "files": [], "left": [], "dry_run": True}
    done = play(*words)
    assert done.status == 0, done.err
    assert "1 session was archived." in done.out
    assert str(tmp_path) in done.out
    assert not FlowSession.objects.exists()
