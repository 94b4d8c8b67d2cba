"""A client made from the API's description alone, driven through a whole session against a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.site.server import serving

PACKAGE = "generated_vcflow_client"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"

WORKFLOW = """
vcflow: 1
id: release
name: Release
stages:
  - id: build
    name: Build
    checklist: [{id: compile, text: Compile}, {id: sign, text: Sign}]
    deliverables: [{id: package, name: Package}]
  - {id: ship, name: Ship, depends_on: [build]}
"""

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The generated package, importable; making it says nothing, for whatever it said would be a warning."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.json"
    # The generator knows few types of content; a bundle is so many bytes to it.
    types = {"application/jsonl": "application/octet-stream"}
    config.write_text(json.dumps({"package_name_override": PACKAGE, "post_hooks": [], "content_type_overrides": types}))
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ["--meta", "none", "--path", DOCUMENT, "--config", config, "--output-path", folder / PACKAGE]
    done = subprocess.run(
        [generator, "generate", "--fail-on-warning", *options], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    sys.path.insert(0, str(folder))
    yield PACKAGE
    sys.path.remove(str(folder))
    shutil.rmtree(folder)


def vc(environ: dict[str, str], *words: str) -> Any:
    """What a command answers as JSON."""
    done = subprocess.run(["vc", *words, "--json"], env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["data"]


@pytest.fixture
def call(package: str, command_environ: dict[str, str]) -> Iterator[Call]:
    """Calls an operation by tag and name with a token's client; bodies are given as plain dicts."""
    scopes = [word for scope in ("read", "work", "decide", "define", "export") for word in ("--scope", scope)]
    vc(command_environ, "init")
    token = vc(command_environ, "token", "create", "integrator", "--as", "admin", *scopes)["token"]
    client_class = import_module(f"{package}.client").AuthenticatedClient
    models = import_module(f"{package}.models")
    with serving(command_environ, "--threads", "4") as server:
        address = f"http://127.0.0.1:{server.port}"
        with client_class(address, token, raise_on_unexpected_status=True, timeout=30) as client:

            def call(
                tag: str, name: str, *ids: str, body: tuple[str, dict[str, Any]] | None = None, **more: Any
            ) -> Any:
                if body is not None:
                    more["body"] = getattr(models, body[0]).from_dict(body[1])
                operation = import_module(f"{package}.api.{tag}.{name}")
                return operation.sync_detailed(*ids, client=client, **more)

            yield call


def test_a_generated_client_plays_a_whole_session(call: Call) -> None:
    file = {"name": "release.yaml", "content": WORKFLOW}
    imported = call("workflows", "import_workflows", body=("Import", {"files": [file], "dry_run": False}))
    assert imported.status_code == HTTPStatus.CREATED
    made = call("sessions", "create_session", body=("NewSession", {"workflow_id": "release", "name": "1.0"}))
    session_id, first_tag = made.parsed.id, made.headers["ETag"]
    assert made.status_code == HTTPStatus.CREATED

    begun = call("stages", "run_stage", session_id, body=("Run", {"stage": "build"})).parsed
    early = call("stages", "complete_stage", begun.id)
    assert (early.status_code, early.parsed.code) == (422, "stage-unfinished")
    call("stages", "tick_items", begun.id, body=("ItemReferences", {"items": ["compile", "2"]}))
    handed_in = {"deliverables": {"package": "release-1.0.tar.gz"}}
    assert call("stages", "add_deliverables", begun.id, body=("Deliverables", handed_in)).parsed.completed_items == [
        "compile",
        "sign",
    ]

    paused = call("sessions", "pause_session", session_id, body=("Reason", {"reason": "lunch"}), idempotency_key="p1")
    again = call("sessions", "pause_session", session_id, body=("Reason", {"reason": "lunch"}), idempotency_key="p1")
    assert again.parsed.to_dict() == paused.parsed.to_dict()
    assert again.headers["Idempotency-Replayed"] == "true"
    refused = call("stages", "run_stage", session_id, body=("Run", {"stage": "ship"}))
    assert (refused.status_code, refused.parsed.code) == (409, "illegal-transition")
    stale = call("sessions", "resume_session", session_id, if_match=first_tag)
    assert (stale.status_code, stale.parsed.code) == (412, "stale")
    resumed = call("sessions", "resume_session", session_id, if_match=paused.headers["ETag"])
    assert resumed.parsed.status == "ACTIVE"

    assert call("stages", "complete_stage", begun.id).parsed.session.progress == 50
    shipping = call("stages", "run_stage", session_id, body=("Run", {"stage": "ship"})).parsed
    done = call("stages", "complete_stage", shipping.id).parsed
    assert (done.session.status, done.session.progress) == ("COMPLETED", 100)

    told = call("events", "follow_events").parsed
    types = [event.type_ for event in told.results if event.session_id == session_id]
    assert types[0] == "session.created"
    assert types[-1] == "session.completed"
    gone = call("sessions", "get_session", "release-none-2222")
    assert (gone.status_code, gone.parsed.code) == (404, "not-found")
