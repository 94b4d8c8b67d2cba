"""What each operation of the API takes and gives, declared once.

The declaration becomes its part of ``/api/schema/`` and is what a request is checked against:
a query parameter or a field that is not declared is refused, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from sessions_app.api.documents import Schema, check, ref
from sessions_app.api.rendering import JSON_TYPE, PROBLEM_TYPE
from sessions_app.api.selection import refuse_long_parameters, refuse_unclear_parameters, refuse_unknown_parameters

Method = Callable[..., Any]

ERRORS: Mapping[int, str] = {
    400: "The request can't be used: a field, a parameter or a header is wrong.",
    401: "Nobody is signed in, or the token is unknown, expired or revoked.",
    403: "The caller sees it but may not do this, or the token lacks the scope.",
    404: "It doesn't exist, or the caller may not see it.",
    409: "The thing is not in the state that this needs, or somebody else was first.",
    412: "The session has changed since: `If-Match` names an older version.",
    413: "The body has more than 1 MB.",
    414: "The query has more than 8 kB.",
    415: "The body is not `application/json`.",
    422: "Something that the verb needs is still open, or the idempotency key was used for another request.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "Somebody else is writing; nothing was changed. `Retry-After` says when to try again.",
    507: "The disk is full; nothing was changed.",
}
"""The errors that operations answer with, each an ``application/problem+json``."""

READ_ERRORS = (400, 401, 403, 414, 429, 503)
CHANGE_ERRORS = (400, 401, 403, 409, 413, 414, 415, 422, 429, 503, 507)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.HEADER,
    description="The same request under the same key is done once and answered alike; another body under it gives 422.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description='The `ETag` that was read, such as `"12"`; 412 if the session has changed since. `*` takes any.',
)
CURSOR = OpenApiParameter(
    "cursor",
    {"type": "string", "maxLength": 1000},
    description="Where the page begins: taken from the `next` of the page before.",
)
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, description="How many rows at most."
)


class Answer(NamedTuple):
    """What a success looks like: its status, the named schema, an example, and the media type if it isn't JSON."""

    schema: str | Schema | None
    about: str
    example: Any = None
    status: int = 200
    media_type: str = JSON_TYPE


def ordering(choices: Iterable[str], default: str) -> OpenApiParameter:
    """The parameter ``ordering``."""
    return OpenApiParameter(
        "ordering",
        {"type": "string", "enum": list(choices), "default": default},
        description="In which order; `-` turns it round.",
    )


def fields_parameter(schema: str) -> OpenApiParameter:
    """The parameter ``fields`` of an operation that answers with ``schema``."""
    return OpenApiParameter(
        "fields", {"type": "string"}, description=f"Only these keys of `{schema}`, separated by commas."
    )


def query(name: str, schema: Schema, about: str) -> OpenApiParameter:
    """A query parameter."""
    return OpenApiParameter(name, schema, description=about)


def path_id(name: str, about: str, example: str) -> OpenApiParameter:
    """A parameter in the path."""
    return OpenApiParameter(
        name,
        {"type": "string"},
        OpenApiParameter.PATH,
        description=about,
        examples=[OpenApiExample(name, value=example)],
    )


def operation(
    operation_id: str,
    summary: str,
    about: str,
    *,
    tag: str,
    answer: Answer,
    other_answers: Iterable[Answer] = (),
    parameters: Iterable[OpenApiParameter] = (),
    body: str | None = None,
    body_example: Any = None,
    is_change: bool = False,
    is_keyed: bool = True,
    is_conditional: bool = False,
    errors: Iterable[int] = (),
) -> Callable[[Method], Method]:
    """Declare a method of a view set.

    ``body`` names the schema of the request's body; an operation without one takes none.
    ``is_change`` adds ``Idempotency-Key`` (unless it isn't ``is_keyed``), ``is_conditional`` ``If-Match``;
    ``errors`` are those besides the ones that every reading or changing operation may answer with.
    ``other_answers`` are the same in other media types.
    """
    declared = [*parameters]
    in_query = [parameter for parameter in declared if parameter.location == OpenApiParameter.QUERY]
    known = {parameter.name for parameter in in_query}
    repeatable = {parameter.name for parameter in in_query if _takes_several(parameter)}
    longest = {parameter.name: most for parameter in in_query if (most := _longest(parameter)) is not None}
    if is_change and is_keyed:
        declared.append(IDEMPOTENCY_KEY)
    if is_conditional:
        declared.append(IF_MATCH)
    statuses = {*(CHANGE_ERRORS if is_change else READ_ERRORS), *errors, *([412] if is_conditional else [])}

    def declare(method: Method) -> Method:
        @wraps(method)
        def checked(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
            refuse_unknown_parameters(request, known)
            refuse_unclear_parameters(request, repeatable)
            refuse_long_parameters(request, longest)
            if body is not None:
                check(body, request.data)
            elif is_change and request.data:
                check("Nothing", request.data)
            return method(view, request, *args, **kwargs)

        document = extend_schema(
            operation_id=operation_id,
            summary=summary,
            description=about,
            tags=[tag],
            parameters=declared,
            request={JSON_TYPE: ref(body)} if body else None,
            responses={**_success(answer, *other_answers), **_problems(statuses)},
            examples=[OpenApiExample("request", value=body_example, request_only=True)] if body else None,
        )
        documented: Method = document(checked)
        return documented

    return declare


def _takes_several(parameter: OpenApiParameter) -> bool:
    return isinstance(parameter.type, dict) and parameter.type.get("type") == "array"


def _longest(parameter: OpenApiParameter) -> int | None:
    return parameter.type.get("maxLength") if isinstance(parameter.type, dict) else None


def _success(*answers: Answer) -> dict[Any, OpenApiResponse]:
    return {(answer.status, answer.media_type): _response(answer) for answer in answers}


def _response(answer: Answer) -> OpenApiResponse:
    schema = ref(answer.schema) if isinstance(answer.schema, str) else answer.schema
    example = OpenApiExample("answer", value=answer.example, response_only=True, media_type=answer.media_type)
    return OpenApiResponse(schema, answer.about, [] if answer.example is None else [example])


def _problems(statuses: Iterable[int]) -> dict[Any, OpenApiResponse]:
    return {(status, PROBLEM_TYPE): OpenApiResponse(ref("Problem"), ERRORS[status]) for status in sorted(statuses)}
