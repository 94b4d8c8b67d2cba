"""Lets Babel read the texts of Django's templates, by way of Django's own rewriting of them to code."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python
from django.conf import settings
from django.utils.translation.template import templatize


def extract(source: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """What :func:`babel.messages.extract.extract_python` finds in a template."""
    if not settings.configured:
        settings.configure()
    code = "\n".join(line.strip() for line in templatize(source.read().decode()).splitlines())
    return extract_python(BytesIO(code.encode()), keywords, comment_tags, options)
