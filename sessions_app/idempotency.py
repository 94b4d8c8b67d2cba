"""The same request is done once: its key and its answer are stored in the transaction of the change.

The answer is given again to who might still ask for it: see :meth:`Idempotency.claim`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from sessions_app.access import require_scope, session_not_found
from sessions_app.actors import Actor
from sessions_app.exceptions import GuardUnmet, NotFound
from sessions_app.language import gettext as _
from sessions_app.masking import mask_text
from sessions_app.models import FlowSession, IdempotencyKey
from sessions_app.text import clean_name

if TYPE_CHECKING:
    from sessions_app.change import Outcome


class AlreadyAnswered(Exception):
    """The key was used before for the same request; ``answer`` is what was said then."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("already answered")
        self.answer = answer


class _Exact(DjangoJSONEncoder):
    """Keeps a time's microseconds, so that an answer is given again as it was given first."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime) and o.tzinfo:
            return o.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return super().default(o)


def fingerprint(request: object) -> str:
    """SHA-256 over a request as canonical JSON: equal requests have equal fingerprints."""
    canonical = json.dumps(request, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request's key; ``answer`` makes the JSON object that is stored and given again.

    Without a key nothing is stored, but the answer is still made before the commit.
    """

    key: str | None
    fingerprint: str
    answer: Callable[[Any, Outcome], dict[str, Any]]

    def claim(self, actor: Actor, unknown: Callable[[], NotFound] | None = None) -> None:
        """Take the key, inside the transaction.

        When it was taken before by the same request, within the same bounds of a token, raises
        :class:`AlreadyAnswered`; but ``unknown`` if the actor no longer sees the session, and
        NotAllowed if their token lacks a scope that the change needed.
        """
        if self.key is None:
            return
        key = clean_name(self.key, _("idempotency key"))
        request = self._request(actor)
        row, is_new = IdempotencyKey.objects.get_or_create(
            user=actor.user, key=key, defaults={"fingerprint": request, "created_at": timezone.now()}
        )
        if is_new:
            return
        if row.fingerprint != request:
            raise GuardUnmet(
                _("The idempotency key {key} was used for another request.").format(key=mask_text(key)),
                fix=_("Use a new key for a new request."),
                code="idempotency-key-reused",
                key=mask_text(key),
            )
        _admit(actor, row, unknown)
        assert row.answer is not None, "a key is committed together with its answer"
        raise AlreadyAnswered(row.answer)

    def store(
        self, actor: Actor, result: Any, outcome: Outcome, *, session_id: str = "", scopes: Iterable[str] = ()
    ) -> None:
        """Make the answer and keep it, in the same transaction, with what it takes to be given it again."""
        if self.key is None:
            self.answer(result, outcome)
            return
        answer = json.loads(json.dumps(self.answer(result, outcome), cls=_Exact))
        IdempotencyKey.objects.filter(user=actor.user, key=clean_name(self.key, "")).update(
            answer=answer, session_id=session_id, scopes=sorted(scopes)
        )

    def _request(self, actor: Actor) -> str:
        """The fingerprint; with a token that is bound, another one than without."""
        return fingerprint([self.fingerprint, *actor.bounds]) if any(actor.bounds) else self.fingerprint


def _admit(actor: Actor, row: IdempotencyKey, unknown: Callable[[], NotFound] | None) -> None:
    """Refuse to give the answer again to who may no longer ask for it."""
    if row.session_id and not _is_seen(actor, row.session_id):
        raise unknown() if unknown else session_not_found(row.session_id)
    for scope in row.scopes:
        require_scope(actor, scope)


def _is_seen(actor: Actor, session_id: str) -> bool:
    if actor.rights.is_admin and not any(actor.bounds):
        return True  # what was deleted, too
    return FlowSession.objects.visible_to(actor).filter(pk=session_id).exists()
