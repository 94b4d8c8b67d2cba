"""Import in the admin: a preview that stores nothing, then exactly what was shown."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sessions_app.actors import local_actor
from sessions_app.models import WorkflowDefinition, WorkflowVersion
from sessions_app.publishing import retire
from tests.factories import permission, publish_workflow, snapshot, stage, user
from tests.site.test_workflow_pages import LIST, text_of

pytestmark = pytest.mark.django_db

IMPORT = f"{LIST}import/"
GOOD = "vcflow: 1\nid: release\nname: Release\nstages:\n  - id: build\n    checklist:\n      - Build it\n  - id: ship\n"
BROKEN = "vcflow: 1\nid: release\nname: Release\nstages:\n  - id: build\n    timout: 5\n"
OLDER = """{"id": "hotfix", "name": "Hotfix", "colour": "red",
 "stages": [{"id": "find", "name": "Find it", "order": 1, "description": "", "checklist": ["Reproduce it"]}]}"""


@pytest.fixture(autouse=True)
def _english(admin_client):
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def preview(client, text=GOOD, name="release.yaml"):
    return client.post(IMPORT, {"text": text, "name": name})


def upload(client, **files):
    return client.post(
        IMPORT,
        {"files": [SimpleUploadedFile(name.replace("_", "."), text.encode()) for name, text in files.items()]},
    )


def carried(page):
    found = re.search(r'name="carried" value="([^"]*)"', page.text)
    return found and found.group(1)


def test_preview_says_what_a_file_holds_and_stores_nothing(admin_client):
    before = snapshot()
    page = preview(admin_client)
    told = text_of(page)
    assert "A new workflow: this becomes its version 1." in told
    assert "1 Build build line 5" not in told  # its name is its id
    assert "build line 5" in told
    assert "☐ Build it" in told
    assert carried(page)
    assert snapshot() == before


def test_what_was_shown_is_imported(admin_client):
    page = admin_client.post(IMPORT, {"carried": carried(preview(admin_client))}, follow=True)
    assert page.redirect_chain == [(f"{LIST}release/change/", 302)]
    assert "Imported: release, version 1." in page.text
    assert WorkflowDefinition.objects.get().pk == "release"


def test_several_files_are_imported_together(admin_client):
    publish_workflow(stage("build"), id="other", name="Other")
    other = GOOD.replace("release", "other")
    page = upload(admin_client, release_yaml=GOOD, other_yaml=other)
    assert "This becomes version 2." in page.text
    assert "What differs from the newest version" in page.text
    done = admin_client.post(IMPORT, {"carried": carried(page)}, follow=True)
    assert done.redirect_chain == [(LIST, 302)]
    for text in ("Imported: release, version 1.", "Imported: other, version 2."):
        assert text in done.text
    assert f'<a href="{LIST}release/change/">Open it</a>' in done.text


def test_errors_say_line_what_and_mend_and_leave_nothing_to_confirm(admin_client):
    before = snapshot()
    page = upload(admin_client, good_yaml=GOOD, broken_yaml=BROKEN)
    told = text_of(page)
    assert "The files have 1 error." in told
    assert "6 The key 'timout' is not known here. stages[0].timout Did you mean 'timeout'? unknown-key" in told
    assert told.index("broken.yaml") < told.index("good.yaml")
    assert carried(page) is None
    assert snapshot() == before


def test_a_pasted_text_stays_in_the_form_to_be_mended(admin_client):
    page = preview(admin_client, BROKEN)
    assert f'class="vc-code">\n{BROKEN.replace(chr(39), "&#x27;")}</textarea>' in page.text
    assert 'value="release.yaml"' in page.text


def test_warnings_are_told_and_do_not_hinder(admin_client):
    page = preview(admin_client, OLDER, "hotfix.json")
    assert "! Warnings" in text_of(page)
    assert carried(page)


def test_what_is_no_workflow_can_not_be_confirmed(admin_client):
    page = preview(admin_client, "a: 1\n", "x.yaml")
    assert "None of the files holds a workflow." in page.text
    assert carried(page) is None


def test_nothing_new_is_said_before(admin_client):
    admin_client.post(IMPORT, {"carried": carried(preview(admin_client))})
    page = preview(admin_client)
    assert "It says what version 1 says already: nothing changes." in page.text
    done = admin_client.post(IMPORT, {"carried": carried(page)}, follow=True)
    assert "The workflow release is unchanged, version 1." in done.text
    assert WorkflowVersion.objects.count() == 1


def test_a_retired_workflow_comes_back_into_use(admin_client):
    publish_workflow("build", id="release")
    retire(local_actor(), "release")
    page = preview(admin_client)
    assert "The workflow is retired; this puts it back into use." in page.text
    admin_client.post(IMPORT, {"carried": carried(page)})
    assert WorkflowDefinition.objects.get().retired_at is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "There is nothing to import."),
        ({"text": GOOD, "name": "x.txt"}, "is of a kind that vcflow"),
        ({"text": GOOD, "name": "\x01"}, "has a character that is not allowed"),
        ({"carried": "abc"}, "This is not what was shown"),
    ],
)
def test_what_can_not_be_read_is_refused_in_words(admin_client, given, message):
    page = admin_client.post(IMPORT, given)
    assert page.status_code == 200
    assert message in text_of(page)
    assert not WorkflowDefinition.objects.exists()


def test_two_files_of_one_name_are_refused(admin_client):
    files = [SimpleUploadedFile("a.yaml", GOOD.encode()) for _ in range(2)]
    assert "Two of the files are called a.yaml." in admin_client.post(IMPORT, {"files": files}).text


def test_what_another_user_was_shown_can_not_be_confirmed(admin_client, client):
    shown = carried(preview(admin_client))
    chen = user("chen", is_staff=True)
    chen.user_permissions.add(permission("define_workflows"), permission("view_workflowdefinition"))
    client.force_login(chen)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "This is not what was shown" in client.post(IMPORT, {"carried": shown}).text
    assert not WorkflowDefinition.objects.exists()


def test_files_that_do_not_fit_into_the_second_form_are_refused(admin_client, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.workflow_import.CARRIED_BYTES", 100)
    page = preview(admin_client)
    assert "The files are too large to be imported together." in page.text


def test_a_file_that_is_no_text_is_told_with_its_mend(admin_client):
    raw = SimpleUploadedFile("a.yaml", "名称".encode("gb18030"))
    page = admin_client.post(IMPORT, {"files": [raw]})
    assert "is no UTF-8 text" in page.text
    assert "iconv -f gb18030" in page.text


def test_preview_takes_as_many_queries_at_one_file_as_at_three(admin_client, django_assert_num_queries):
    publish_workflow("build", id="release")
    for count in (1, 3):
        files = {f"f{number}_yaml": GOOD.replace("release", f"release{number or ''}") for number in range(count)}
        with django_assert_num_queries(6):
            assert upload(admin_client, **files).status_code == 200
