"""Secrets of stages: deliverables, context, configuration, names and items."""

import json

import pytest

from sessions_app.exceptions import InvalidInput, NotFound
from sessions_app.masking import MASK
from sessions_app.models import SessionEvent
from sessions_app.representation import session_detail_json
from stages_app.models import StageInstance
from stages_app.representation import stage_json
from stages_app.services import StageInstanceManager
from tests.factories import events_of, new_session, stage_in

pytestmark = pytest.mark.django_db

KEY = "ghp" + "_" + "a1B2" * 9


@pytest.fixture
def manager():
    return StageInstanceManager()


@pytest.fixture
def stage_instance():
    return stage_in("ACTIVE", new_session("build"))


def all_events():
    return json.dumps(list(SessionEvent.objects.values("reason", "changes")), ensure_ascii=False)


def test_deliverables_are_stored_and_told_masked(manager, stage_instance):
    manager.add_deliverables(stage_instance.pk, {"api_key": "k-1", "report": f"See {KEY}", "link": "x"})
    stored = StageInstance.objects.get(pk=stage_instance.pk)
    assert stored.deliverables == {"api_key": "k-1", "report": f"See {KEY}", "link": "x"}
    assert stage_json(stored)["deliverables"] == {"api_key": MASK, "report": f"See {MASK}", "link": "x"}
    assert stage_json(stored, reveal=True)["deliverables"] == stored.deliverables
    changes = events_of(stored.session)[-1].changes
    assert changes["deliverables.api_key"] == {"before": None, "after": MASK}
    assert changes["deliverables.report"] == {"before": None, "after": f"See {MASK}"}


def test_deliverable_that_comes_back_masked_stays(manager, stage_instance):
    manager.add_deliverables(stage_instance.pk, {"api_key": "k-1"})
    manager.add_deliverables(stage_instance.pk, {"api_key": MASK, "link": "x"})
    manager.complete_instance(stage_instance.pk, {"api_key": MASK})
    assert StageInstance.objects.get(pk=stage_instance.pk).deliverables == {"api_key": "k-1", "link": "x"}


def test_masked_deliverable_that_was_never_there_is_refused(manager, stage_instance):
    with pytest.raises(InvalidInput) as refused:
        manager.add_deliverables(stage_instance.pk, {"api_key": MASK})
    assert refused.value.code == "masked-value"


def test_objects_of_a_stage_are_masked_and_come_back(manager, stage_instance):
    given = {name: {"token": "t", "x": 1} for name in ("context", "config", "metadata")}
    updated = manager.update_instance(stage_instance.pk, given)
    shown = stage_json(updated)
    assert {name: shown[name] for name in given} == {name: {"token": MASK, "x": 1} for name in given}
    manager.update_instance(stage_instance.pk, {name: shown[name] for name in given})
    assert not manager.outcome.changed
    manager.update_instance(stage_instance.pk, {"config": {"token": "u"}})
    assert events_of(updated.session)[-1].changes == {"config.token": {"before": MASK, "after": MASK}}


def test_mask_in_a_new_configuration_is_refused(manager):
    with pytest.raises(InvalidInput) as refused:
        manager.create_stage(new_session("build").pk, "build", {"token": MASK})
    assert refused.value.code == "masked-value"


def test_reason_in_metadata_is_masked_in_the_event(manager, stage_instance):
    manager.update_stage_status(stage_instance.pk, "FAILED", {"reason": f"{KEY} is void"})
    assert KEY not in all_events()
    assert f"{MASK} is void" in all_events()


def test_items_and_names_are_masked_by_what_keys_look_like(manager, stage_instance):
    manager.update_instance(stage_instance.pk, {"name": f"Use {KEY}"})
    item = manager.add_item(stage_instance.pk, f"Rotate the token {KEY}")
    assert item.item_id == "item-1"
    stored = StageInstance.objects.get(pk=stage_instance.pk)
    masked, revealed = stage_json(stored), stage_json(stored, reveal=True)
    assert (masked["name"], masked["items"][0]["text"]) == (f"Use {MASK}", f"Rotate the token {MASK}")
    assert (revealed["name"], revealed["items"][0]["text"]) == (f"Use {KEY}", f"Rotate the token {KEY}")
    assert KEY not in all_events()
    with pytest.raises(NotFound) as refused:
        manager.complete_item(stage_instance.pk, "nonsense")
    assert KEY not in json.dumps(refused.value.as_dict())


def test_name_that_comes_back_masked_stays(manager, stage_instance):
    manager.update_instance(stage_instance.pk, {"name": f"Use {KEY}"})
    manager.update_instance(stage_instance.pk, {"name": f"Use {MASK}"})
    assert not manager.outcome.changed
    manager.fail_instance(stage_instance.pk)
    again = manager.run_stage(stage_instance.session_id, stage_instance.stage_id, name=f"Use {MASK}")
    assert (again.attempt, again.name) == (2, f"Use {KEY}")


@pytest.mark.parametrize(
    "store",
    [
        lambda manager, row: manager.update_instance(row.pk, {"name": f"Use {MASK}"}),
        lambda manager, row: manager.run_stage(row.session_id, row.stage_id, name=MASK),
        lambda manager, row: manager.run_stage(row.session_id, "extra", name=MASK, ad_hoc=True),
        lambda manager, row: manager.create_stage(row.session_id, "extra", name=MASK),
        lambda manager, row: manager.run_in_new_session("dev", row.stage_id, name=MASK),
        lambda manager, row: manager.add_item(row.pk, f"Rotate {MASK}"),
    ],
    ids=["update", "run", "run ad hoc", "create", "run in a new session", "add an item"],
)
def test_mask_in_a_name_or_an_item_is_never_stored(manager, stage_instance, store):
    with pytest.raises(InvalidInput) as refused:
        store(manager, stage_instance)
    assert refused.value.code == "masked-value"


@pytest.mark.parametrize("length", [4, 12, 40])
def test_secret_in_an_item_can_not_be_guessed_by_its_beginning(manager, stage_instance, length):
    manager.add_item(stage_instance.pk, f"Rotate {KEY} now")
    with pytest.raises(NotFound):
        manager.complete_item(stage_instance.pk, f"Rotate {KEY[:length]}")
    manager.complete_item(stage_instance.pk, f"rotate {MASK} n")
    assert manager.outcome.changed


def test_event_of_an_item_tells_it_whatever_its_id_reads_like(manager, stage_instance):
    manager.add_item(stage_instance.pk, "Rotate token")
    assert events_of(stage_instance.session)[-1].changes["items.rotate-token"]["after"]["text"] == "Rotate token"


def test_description_of_a_session_masks_every_attempt(manager, stage_instance):
    manager.add_deliverables(stage_instance.pk, {"api_key": "k-1"})
    manager.fail_instance(stage_instance.pk)
    manager.retry_instance(stage_instance.pk)
    flow_session = StageInstance.objects.get(pk=stage_instance.pk).session
    masked, revealed = session_detail_json(flow_session), session_detail_json(flow_session, reveal=True)
    assert masked["stages"][0]["earlier_attempts"][0]["deliverables"] == {"api_key": MASK}
    assert revealed["stages"][0]["earlier_attempts"][0]["deliverables"] == {"api_key": "k-1"}
