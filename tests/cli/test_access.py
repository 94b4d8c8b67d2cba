"""Rights at the command line: ``--as``, teams, and whose turn it is."""

import pytest

from sessions_app.models import FlowSession, SessionEvent
from tests.cli.conftest import Run
from tests.factories import permission, team, user


@pytest.fixture
def shared(run: Run, session_id: str) -> str:
    """The session, in a team of which mei is an operator."""
    user("mei", operates=["platform"])
    assert run("flow", "session", "update", session_id, "--team", "platform").status == 0
    return session_id


def test_local_user_may_do_everything_and_others_what_their_role_allows(run: Run, shared: str) -> None:
    user("bo")
    assert run("flow", "session", "pause", shared, "--as", "mei").status == 0
    hidden = run("flow", "session", "resume", shared, "--as", "bo", "--json")
    assert (hidden.status, hidden.diagnostic["code"]) == (3, "not-found")
    unknown = run("flow", "session", "resume", "dev-nothing", "--as", "bo", "--json")
    assert hidden.err.replace(shared, "…") == unknown.err.replace("dev-nothing", "…")
    refused = run("flow", "session", "delete", shared, "--force", "--as", "mei")
    assert refused.status == 4
    assert refused.err == (
        f"Error [not-allowed]: The session {shared} needs its owner for this; mei is an operator.\n"
        "  Fix: Ask the owner of the session or an administrator.\n"
    )
    assert run("flow", "session", "delete", shared, "--force").status == 0


def test_session_is_made_in_a_team(run: Run, shared: str) -> None:
    made = run("flow", "session", "create", "dev", "--team", "platform", "--as", "mei", "--json").data
    assert (made["team"], made["owner"]) == ("platform", "mei")
    team("other")
    assert run("flow", "session", "create", "dev", "--team", "other", "--as", "mei").status == 3
    assert FlowSession.objects.count() == 2


def test_session_is_handed_over_and_taken_out_of_its_team(run: Run, shared: str) -> None:
    assert run("flow", "session", "update", shared, "--owner", "mei", "--json").data["owner"] == "mei"
    assert run("flow", "session", "update", shared, "--no-team", "--as", "mei", "--json").data["team"] is None
    both = run("flow", "session", "update", shared, "--no-team", "--team", "platform")
    assert (both.status, both.err.split("]")[0]) == (2, "Error [usage")
    assert "owner: local → mei" in run("flow", "session", "logs", shared).out


def test_stage_is_assigned_and_shows_in_the_inbox(run: Run, shared: str) -> None:
    assert run("flow", "inbox", "--as", "mei").out == "No stage waits for mei.\n"
    told = run("flow", "stage", "assign", "story", "--to", "mei")
    assert told.out.startswith(f"✅ Assigned: story (Story) in {shared}\n")
    waiting = run("flow", "inbox", "--as", "mei").out
    assert f"vc flow run dev:story --session {shared}" in waiting
    assert "Total: 1 stage\n" in waiting
    run("flow", "run", "dev:story", "--session", shared, "--as", "mei")
    row = run("flow", "inbox", "--as", "mei", "--json").data[0]
    assert (row["stage_id"], row["status"], row["session_id"]) == ("story", "ACTIVE", shared)
    assert row["command"] == f"vc flow context {shared}"
    assert run("flow", "inbox").out == "No stage waits for local.\n"
    assert "    for mei\n" in run("flow", "session", "logs", shared).out
    assert run("flow", "stage", "assign", "--nobody").status == 0
    assert run("flow", "inbox", "--as", "mei", "--json").data == []
    again = run("flow", "stage", "assign", "--nobody")
    assert again.out.startswith(f"Nothing changed in the stage story of {shared}.\n")


def test_assigning_needs_to_know_whom(run: Run, shared: str) -> None:
    for words in ([], ["--to", "mei", "--nobody"]):
        result = run("flow", "stage", "assign", "story", *words)
        assert (result.status, result.err.split("]")[0]) == (2, "Error [usage")
    user("bo")
    refused = run("flow", "stage", "assign", "story", "--to", "bo", "--json")
    assert (refused.status, refused.diagnostic["code"]) == (2, "assignee-cannot-work")
    assert not SessionEvent.objects.filter(type="stage.assigned").exists()


def test_retiring_and_importing_need_the_permission(run: Run, shared: str, tmp_path: object) -> None:
    exported = f"{tmp_path}/dev.yaml"
    run("flow", "export", "dev", "-o", exported)
    commands = (["flow", "import", exported], ["flow", "retire", "dev"])
    assert [run(*words, "--as", "mei").status for words in commands] == [4, 4]
    user("mei").user_permissions.add(permission("define_workflows"))
    assert [run(*words, "--as", "mei").status for words in commands] == [0, 0]
