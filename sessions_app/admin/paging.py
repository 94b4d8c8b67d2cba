"""Pages of lists of any size: what is beyond the first thousand rows is neither counted nor walked to."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST = 1_000
"""How many rows are counted, and paged through."""


class CappedPaginator(Paginator):
    """Counts to :data:`MOST`; takes a query set, or the keys of its first ``MOST + 1`` rows.

    A ``ModelAdmin`` takes it as its ``paginator``.
    """

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return len(rows) if isinstance(rows, list) else rows.order_by()[: MOST + 1].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._found > MOST

    @cached_property
    def count(self) -> int:
        """How many rows there are, or :data:`MOST`."""
        return min(self._found, MOST)

    @property
    def told_count(self) -> str:
        """The count for people: ``1,000+`` when there are more."""
        return f"{self.count:,}+" if self.is_capped else f"{self.count:,}"
