"""Bundles that lie, break rules or want too much: each is refused whole, with the place named."""

import gzip
import hashlib
import json
import zlib

import pytest
from django.contrib.auth.models import User

from sessions_app.actors import local_actor
from sessions_app.bundles import importing, lines, reading
from sessions_app.bundles.checking import event_of
from sessions_app.bundles.importing import Options
from sessions_app.bundles.lines import BundleRefused
from sessions_app.bundles.writing import Writer
from sessions_app.canonical import canonical, digest
from sessions_app.exceptions import FlowError, NotAllowed
from sessions_app.models import FlowSession, SessionEvent, Tombstone, WorkflowDefinition
from sessions_app.savepoints import SavepointManager
from sessions_app.services import FlowSessionManager
from stages_app.services import StageInstanceManager
from tests.factories import new_session, person, snapshot, stage

pytestmark = pytest.mark.django_db

SESSIONS = ("session", "event", "savepoint")


@pytest.fixture
def good():
    """The lines of a bundle of one session that is not here any more."""
    if not _MADE:
        _MADE.append(_made())
    return [json.loads(line) for line in _MADE[0].splitlines()]


_MADE: list[bytes] = []


def _made():
    flow_session = new_session(stage("build", items=["one"]), "test", name="Login")
    StageInstanceManager().run_stage(flow_session.pk, "build")
    FlowSessionManager().update_session(flow_session.pk, {"context": {"a": 1.5}})
    SavepointManager().create_savepoint(flow_session.pk, "kept")
    raw = b"".join(Writer(local_actor(), with_secrets=True).lines([flow_session.pk]))
    FlowSession.objects.all().delete()
    WorkflowDefinition.objects.all().delete()
    return raw


def one(found, kind, place=0):
    return [line for line in found if line["kind"] == kind][place]


def sealed(found):
    """The bytes, with checksums and counts that are right: only what the line says is wrong."""
    own, everything, parts = hashlib.sha256(), hashlib.sha256(), []
    for line in found:
        if line["kind"] == "session":
            own = hashlib.sha256()
        if line["kind"] == "session-end":
            line["sha256"] = own.hexdigest()
        if line["kind"] == "end":
            line["sha256"] = everything.hexdigest()
        raw = canonical(line).encode("utf-8", "surrogatepass") + b"\n"
        if line["kind"] in SESSIONS:
            own.update(raw)
        everything.update(raw)
        parts.append(raw)
    return b"".join(parts)


def rechained(found):
    """The events with hashes that follow from what they say now, and the session's head."""
    head, row = "", one(found, "session")
    for line in found:
        if line["kind"] == "event":
            event = event_of(row["id"], line)
            head = line["hash"] = event.chained_to(head)
    row["chain_head"] = head


def change(which, place=0, rechain=False, **values):
    """A change of one line, whose checksums are made right again."""

    def apply(found):
        one(found, which, place).update(values)
        if rechain:
            rechained(found)
        return sealed(found)

    return apply


def state(**values):
    """A change of the session's own columns, to which the events don't lead."""

    def apply(found):
        one(found, "session")["state"]["session"].update(values)
        return sealed(found)

    return apply


def attempt(**values):
    def apply(found):
        one(found, "session")["state"]["attempts"]["build.1"].update(values)
        return sealed(found)

    return apply


def by_hand(edit):
    """``edit`` changes the list of lines."""

    def apply(found):
        edit(found)
        return sealed(found)

    return apply


def event_change(place, **changes):
    def apply(found):
        one(found, "event", place)["changes"].update(
            {name: {"before": None, "after": value} for name, value in changes.items()}
        )
        rechained(found)
        return sealed(found)

    return apply


def bytes_of(edit):
    """``edit`` changes the bytes of a bundle that is right."""
    return lambda found: edit(sealed(found))


def savepoint(**values):
    def apply(found):
        line = one(found, "savepoint")
        line["state"]["session"].update(values)
        line["digest"] = digest(line["state"])
        return sealed(found)

    return apply


def content(**values):
    """A definition that is changed, under the id and checksum that its content has."""

    def apply(found):
        line = one(found, "version")
        line["content"].update(values)
        line["digest"] = digest(line["content"])
        old, new = line["id"], f"{line['workflow_id']}@{line['number']}-{line['digest'][:16]}"
        rest = json.loads(json.dumps(found).replace(old, new))
        kept = one(rest, "savepoint")
        kept["digest"] = digest(kept["state"])
        rechained(rest)
        return sealed(rest)

    return apply


def deep(levels):
    value = current = {}
    for _level in range(levels):
        current["a"] = {}
        current = current["a"]
    return value


ATTACKS = {
    "cut in the middle": bytes_of(lambda raw: raw[: len(raw) // 2]),
    "cut after a line": bytes_of(lambda raw: b"\n".join(raw.split(b"\n")[:-2]) + b"\n"),
    "a byte flipped": bytes_of(lambda raw: raw.replace(b"Login", b"Logim", 1)),
    "more after the end": bytes_of(lambda raw: raw + raw),
    "an empty line": bytes_of(lambda raw: raw.replace(b"\n", b"\n\n", 1)),
    "empty": bytes_of(lambda raw: b'{"kind":"vcflow-bundle"}'),
    "not UTF-8": bytes_of(lambda raw: raw.replace(b"Login", b"Log\xff\xfe", 1)),
    "spaces": bytes_of(lambda raw: raw.replace(b":", b": ", 1)),
    "a key twice": bytes_of(lambda raw: raw.replace(b'{"chain_head"', b'{"chain_head":"","chain_head"', 1)),
    "NaN": bytes_of(lambda raw: raw.replace(b"1.5", b"NaN", 1)),
    "a number that grows": bytes_of(lambda raw: raw.replace(b"1.5", b"1e+22", 1)),
    "a number without end": bytes_of(lambda raw: raw.replace(b"1.5", b"9" * 5000, 1)),
    "minus zero": bytes_of(lambda raw: raw.replace(b"1.5", b"-0.0", 1)),
    "a list of brackets": bytes_of(lambda raw: raw.replace(b"1.5", b"[" * 100_000, 1)),
    "another format": change("vcflow-bundle", format=2),
    "unknown kind": change("vcflow-bundle", kind="zip"),
    "unknown key": change("session", role="admin"),
    "a user with rights": change("vcflow-bundle", users=[{"username": "eve", "is_superuser": True}]),
    "id of a path": change("session", id="../../etc/passwd"),
    "id of another workflow": change("session", id="other-login-abcd"),
    "control character": state(name="a\x1b[31m"),
    "NUL": state(name="a\x00"),
    "lone surrogate": state(name="\ud800"),
    "not NFC": state(name="e\u0301"),
    "name too long": state(name="x" * 201),
    "unknown status": state(status="ROOT"),
    "status without its event": state(status="COMPLETED"),
    "context without its event": state(context={"a": 2}),
    "context too deep": state(context=deep(33)),
    "line too deep": state(context=deep(60)),
    "context too large": state(context={"a": "x" * 300_000}),
    "too many keys": state(context={f"k{number}": 1 for number in range(10_001)}),
    "attempt without its event": attempt(status="COMPLETED"),
    "item ticked without its event": lambda found: (
        one(found, "session")["state"]["attempts"]["build.1"]["items"][0].update(done=True),
        sealed(found),
    )[1],
    "attempt of another key": attempt(attempt=2),
    "no such day": attempt(started_at="2026-02-30T10:00:00+00:00"),
    "session of no such day": change("session", created_at="2026-13-01T00:00:00+00:00"),
    "event changed": change("event", 1, reason="forged"),
    "event left out": by_hand(lambda found: found.remove(one(found, "event", 1))),
    "last event left out": by_hand(lambda found: found.remove(one(found, "event", -1))),
    "events exchanged": by_hand(lambda found: found.insert(4, found.pop(5))),
    "event of another stage": change("event", 2, rechain=True, stage_instance_id="other.build.1"),
    "cause in the future": change("event", 1, rechain=True, cause=99),
    "history that can't be": event_change(1, **{"items.nothing.done": True}),
    "changes of another form": change("event", 0, rechain=True, changes={"status": "ACTIVE"}),
    "unknown level": change("event", 0, rechain=True, level=99),
    "other first time": change("event", 0, rechain=True, created_at="2020-01-01T00:00:00+00:00"),
    "pinned to an unknown version": state(pinned_version_id="dev@9-0123456789abcdef"),
    "moved to an unknown version": event_change(1, pinned_version_id="dev@9-0123456789abcdef"),
    "savepoint changed": change("savepoint", note="x", digest="0" * 64),
    "savepoint of the future": change("savepoint", seq=99),
    "savepoint of an unknown version": savepoint(pinned_version_id="dev@9-0123456789abcdef"),
    "savepoint with too much": savepoint(context={"a": "x" * 300_000}),
    "version changed": lambda found: (one(found, "version")["content"].update(name="Forged"), sealed(found))[1],
    "version with a wrong id": content(id="other"),
    "version without stages": content(stages=[]),
    "version that is no definition": content(stages="many"),
    "version with a transition to nowhere": content(transitions=[{"from": "build", "to": "gone", "condition": ""}]),
    "version without its workflow": by_hand(lambda found: found.remove(one(found, "workflow"))),
    "version twice": by_hand(lambda found: found.insert(2, dict(one(found, "version")))),
    "wrong counts": change("end", sessions=7),
    "wrong count of a session": change("session-end", events=1),
    "wrong entry": lambda found: (
        one(found, "session")["derived"]["status_entry"].update(status="COMPLETED"),
        sealed(found),
    )[1],
    "gzip that ends early": bytes_of(lambda raw: gzip.compress(raw)[:-20]),
    "gzip with something behind": bytes_of(lambda raw: gzip.compress(raw) + b"x"),
    "gzip that is none": bytes_of(lambda raw: b"\x1f\x8b" + raw),
    "a bomb": bytes_of(lambda raw: zlib.compress(b"\0" * 200_000_000, wbits=31)),
    "a line without end": bytes_of(lambda raw: raw[:200] + b"x" * (lines.MOST_LINE + reading._PIECE + 1)),
}


def imported(tmp_path, raw, **options):
    path = tmp_path / "bundle.jsonl"
    path.write_bytes(raw)
    return importing.check_bundle(str(path), Options(**options), lambda _count: None)


def test_good_bundle_is_taken(good, tmp_path):
    assert imported(tmp_path, sealed(good)).sessions == {"imported": 1}


@pytest.mark.parametrize("attack", ATTACKS)
def test_bad_bundle_is_refused(attack, good, tmp_path):
    try:
        raw = ATTACKS[attack](good)
    except UnicodeEncodeError:
        pytest.fail("the attack itself can't be written")
    before = snapshot()
    with pytest.raises(FlowError) as refusal:
        imported(tmp_path, raw)
    assert refusal.value.code == "invalid-bundle"
    assert refusal.value.exit_status == 2
    assert len(refusal.value.message) < 1000
    assert "\x1b" not in refusal.value.message
    assert snapshot() == before


def test_cut_file_says_what_of_it_is_whole(good, tmp_path):
    raw = sealed(good)
    with pytest.raises(BundleRefused) as refusal:
        imported(tmp_path, raw[: raw.index(b'{"events":')])
    assert "No session" in str(refusal.value)
    end = raw.rindex(b'{"events":')
    with pytest.raises(BundleRefused) as refusal:
        imported(tmp_path, raw[:end])
    assert one(good, "session")["id"] in str(refusal.value)


def test_size_is_bounded_by_who_asks(good, tmp_path):
    with pytest.raises(BundleRefused, match="most-bytes"):
        imported(tmp_path, sealed(good), most_bytes=100)


def test_sessions_are_taken_from_administrators_alone(good):
    for someone in (person("wang"), person("mei", operates=["web"])):
        with pytest.raises(NotAllowed):
            importing.require_importer(someone)
    User.objects.create_superuser("root")
    importing.require_importer(person("root"))


def test_file_that_changes_between_the_two_readings_brings_nothing_forged(good, tmp_path):
    plan = imported(tmp_path, sealed(good))
    one(good, "event", 1)["reason"] = "forged"
    rechained(good)
    (tmp_path / "bundle.jsonl").write_bytes(sealed(good))
    with pytest.raises(BundleRefused, match="changed while"):
        importing.take_in(local_actor(), plan, Options(), lambda _count: None)
    assert SessionEvent.objects.filter(reason="forged").count() == 0
    assert Tombstone.objects.count() == 0
