"""The same request is done once: its key and its answer are stored in the transaction of the change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from sessions_app.actors import Actor
from sessions_app.exceptions import GuardUnmet
from sessions_app.language import gettext as _
from sessions_app.models import IdempotencyKey
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

    def claim(self, actor: Actor) -> None:
        """Take the key, inside the transaction; raises when it was taken before."""
        if self.key is None:
            return
        key = clean_name(self.key, _("idempotency key"))
        row, is_new = IdempotencyKey.objects.get_or_create(
            user=actor.user, key=key, defaults={"fingerprint": self.fingerprint, "created_at": timezone.now()}
        )
        if is_new:
            return
        if row.fingerprint != self.fingerprint:
            raise GuardUnmet(
                _("The idempotency key {key} was used for another request.").format(key=key),
                fix=_("Use a new key for a new request."),
                code="idempotency-key-reused",
                key=key,
            )
        assert row.answer is not None, "a key is committed together with its answer"
        raise AlreadyAnswered(row.answer)

    def store(self, actor: Actor, result: Any, outcome: Outcome) -> None:
        """Make the answer and keep it, in the same transaction."""
        if self.key is None:
            self.answer(result, outcome)
            return
        answer = json.loads(json.dumps(self.answer(result, outcome), cls=_Exact))
        IdempotencyKey.objects.filter(user=actor.user, key=clean_name(self.key, "")).update(answer=answer)
