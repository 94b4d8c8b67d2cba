"""Short ways to look at a reading."""

from sessions_app.definitions.rules import read
from sessions_app.definitions.schema import Definition, Reading


def definition(reading: Reading) -> Definition:
    assert reading.definition is not None
    return reading.definition


def workflow(text: str, file: str = "some.mdc") -> Definition:
    return definition(read(text, file))


def names(reading: Reading) -> list[object]:
    return [stage.name for stage in definition(reading).stages]


def ways(reading: Reading) -> list[tuple[str, str, str]]:
    return [(way.source, way.target, str(way.condition)) for way in definition(reading).transitions]


def codes(reading: Reading) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.code) for problem in reading.warnings]


def diagram(*lines: str) -> Reading:
    return read("\n".join(["```mermaid", *lines, "```"]), "drawn.mdc")
