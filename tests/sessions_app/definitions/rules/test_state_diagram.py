"""Stages as a Mermaid state diagram."""

from tests.sessions_app.definitions.rules.looking import codes, definition, diagram, names, ways


def test_states_are_stages() -> None:
    reading = diagram(
        "stateDiagram-v2",
        "direction LR",
        'state "Kettle on" as kettle',
        "late --> kettle",
        "[*] --> kettle: 开始",
        "kettle --> pour : 水开：倒",
        "pour : Pour it",
        "pour : slowly",
        "pour --> 喝:::hot",
        "喝 --> [*] : 杯子空了",
        "alone",
    )
    assert [(stage.id, stage.name) for stage in definition(reading).stages] == [
        ("kettle", "Kettle on"),
        ("late", "late"),
        ("pour", "Pour it"),
        ("stage-4", "喝"),
        ("alone", "alone"),
    ]
    assert ways(reading) == [("late", "kettle", ""), ("kettle", "pour", "水开：倒"), ("pour", "stage-4", "")]
    assert definition(reading).stages[2].description == "slowly"
    assert definition(reading).stages[3].exit_condition == "杯子空了"
    assert reading.warnings == []


def test_choices_notes_and_inner_states_are_no_stages() -> None:
    reading = diagram(
        "stateDiagram",
        "state pick <<choice>>",
        "a --> pick",
        "pick --> b : good",
        "pick --> a : bad",
        "note right of a",
        "  x --> y",
        "end note",
        "note left of b : hi",
        "state c {",
        "  [*] --> d",
        "  state e {",
        "    f --> g",
        "  }",
        "}",
        "b --> c --> a",
        "--",
        "two words",
        "--> a",
    )
    assert names(reading) == ["a", "b", "c"]
    assert ways(reading) == [("a", "b", "good"), ("a", "a", "bad"), ("b", "c", ""), ("c", "a", "")]
    assert codes(reading) == [(11, "inner-states"), (19, "diagram"), (20, "diagram")]
