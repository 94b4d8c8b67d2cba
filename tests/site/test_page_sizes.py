"""How large pages become with workflows of 200 stages, and what they say of what they leave out."""

import re

import pytest
from django.contrib.admin.utils import quote

from sessions_app.definitions.export import to_yaml
from sessions_app.models import WorkflowVersion
from stages_app.admin.rail import MOST_LISTED, MOST_UNFOLDED
from tests.factories import definition, in_team, new_session, publish_workflow, stage, stage_in
from tests.site.staff import session_url, staff_client

pytestmark = pytest.mark.django_db

NAMES = [f"stage-{number:03}" for number in range(200)]
EN = {"accept-language": "en"}
WORKFLOW = "/admin/sessions_app/workflowdefinition/dense/{}"


@pytest.fixture
def ann():
    return staff_client("ann", operates=["platform"])


def shared(*stages, **options):
    return in_team(new_session(*stages, **options), "platform")


def dense():
    """Each stage depends on all before it, and leads on to all of them."""
    return [stage(name, depends_on=NAMES[:place]) for place, name in enumerate(NAMES)]


def back():
    return [(source, target) for place, source in enumerate(NAMES) for target in NAMES[:place]]


def size(page):
    """In kB."""
    return len(page.content) // 1000


def rail(page):
    """What stands in each stage of a session's page, by its id."""
    return dict(re.findall(r'<li id="stage-([\w-]+)".*?<summary>(.*?)(?=<li id="stage-|</ol>)', page.text, re.DOTALL))


def test_session_of_many_stages_has_a_page_of_bounded_size(ann):
    flow_session = shared(*(stage(name, items="abcdefgh", deliverables=["doc"]) for name in NAMES))
    assert size(ann.get(session_url(flow_session))) < 340


def test_session_whose_stages_all_depend_on_each_other_has_a_page_of_bounded_size(ann):
    page = ann.get(session_url(shared(*dense())))
    assert size(page) < 400
    assert "19600 arrows are not drawn." in page.text
    assert "after: stage-000, stage-001" in page.text


def test_workflow_whose_stages_all_depend_on_each_other_has_pages_of_bounded_size(ann):
    publish_workflow(*NAMES, id="dense")
    publish_workflow(*dense(), id="dense", transitions=back())
    newest = quote(WorkflowVersion.objects.get(number=2).pk)
    pages = [
        ann.get(WORKFLOW.format("change/")),
        ann.get(f"/admin/sessions_app/workflowversion/{newest}/change/"),
        ann.get(WORKFLOW.format("compare/")),
    ]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert max(map(size, pages)) < 800
    assert "and 187 more" in pages[1].text
    assert "and 19300 more" in pages[2].text


def test_preview_of_an_import_is_of_bounded_size(admin_client):
    text = to_yaml(definition(*dense(), id="dense"))
    page = admin_client.post(
        "/admin/sessions_app/workflowdefinition/import/", {"text": text, "name": "dense.yaml"}, headers=EN
    )
    assert "becomes its version 1" in page.text
    assert size(page) < 300


def test_stage_that_is_not_current_leads_to_pages_that_ask(ann):
    found = rail(ann.get(session_url(shared("build", "test"))))
    assert 'id="form-build-0-start"' in found["build"]
    assert "<form" not in found["test"]
    address = re.search(r'href="([^"]+/skip/[^"]+)">Skip…', found["test"])[1]
    assert 'name="reason"' in ann.get(address).text
    assert ann.post(address, {"reason": "not needed"}, follow=True).redirect_chain


def test_short_lists_of_other_stages_are_on_the_page_and_long_ones_elsewhere(ann):
    items = [f"i{number}" for number in range(MOST_LISTED)]
    short = rail(ann.get(session_url(shared("build", stage("test", items=items), id="short"))))
    long = shared("build", stage("test", items=[*items, "last"]), id="long")
    assert "Do i99" in short["test"]
    found = rail(ann.get(session_url(long)))["test"]
    assert "Do i99" not in found
    assert "items 0/101" in found
    address = re.search(r'href="([^"]+)#stage-test">Items and deliverables', found)[1]
    assert "Do i99" in ann.get(address).text


def test_long_lists_of_an_attempt_stand_on_its_page(ann):
    flow_session = shared(stage("build", items=[f"i{number}" for number in range(MOST_LISTED + 1)]), "test")
    stage_in("SKIPPED", flow_session)
    address = re.search(r'href="([^"]+)">Items and deliverables', rail(ann.get(session_url(flow_session)))["build"])[1]
    assert "Do i99" in ann.get(address).text


def test_stages_under_way_can_all_be_worked_on(ann):
    names = NAMES[: MOST_UNFOLDED + 1]
    flow_session = shared(*(stage(name, items=["a"]) for name in names), parallel=True)
    for name in names:
        stage_in("ACTIVE", flow_session, name)
    found = rail(ann.get(session_url(flow_session)))
    assert all('name="done" value="a"' in each for each in found.values())
    assert [name for name, each in found.items() if "-pause" in each] == names[:MOST_UNFOLDED]
