"""A format definition is data, and one that cannot decode is refused with what to correct."""

import pytest

from billhook.mediation.formats import FormatDefinition, Quirk, Rule, UnsoundFormat
from billhook.plugins.format_asterisk.format import DEFINITION, AsteriskMaster


def test_asterisk_is_plain_data_with_four_layouts():
    definition = FormatDefinition.parse(DEFINITION)
    assert [len(layout.columns) for layout in definition.layouts] == [16, 17, 18, 21]
    assert definition.columns[-1] == "sequence"
    assert definition.layout_of(17).columns[-1] == "uniqueid"
    assert definition.layout_of(19) is None
    assert definition.answered == Rule("unanswered", "disposition", ("ANSWERED",))
    assert definition.zone is None


def test_the_zone_is_a_parameter_and_gmt_wins_over_it():
    assert AsteriskMaster(zone="Europe/Amsterdam").definition().zone == "Europe/Amsterdam"
    assert AsteriskMaster(zone="Europe/Amsterdam", usegmtime=True).definition().zone == "UTC"


def test_quirks_are_named():
    assert FormatDefinition.parse({**DEFINITION, "quirks": ["unescaped_quotes"]}).quirks == {Quirk.UNESCAPED_QUOTES}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "a setting colour that does not exist"),
        ({"seconds": "length"}, "uses the column length, which no layout has"),
        ({"key": []}, "at least one identifier and one key column"),
        ({"key": ["nothing"]}, "uses the column nothing"),
        ({"key": "src"}, "where a list of names belongs"),
        ({"layouts": []}, "has no columns"),
        ({"layouts": [["a", "b"], ["c", "d"]]}, "same number of columns"),
        ({"layouts": [["a", "a"]]}, "the column a twice"),
        ({"layouts": [['a"; drop table charge; --']]}, "small letters, digits and underscores"),
        ({"layouts": 7}, "cannot be read"),
        ({"answered": {"name": "x"}}, "cannot be read"),
        ({"quirks": ["smudges"]}, "cannot be read"),
        ({"delimiter": ",,"}, "one character as delimiter"),
        ({"delimiter": '"'}, "other than the quote"),
        ({"quote": ""}, "one character as quote"),
        ({"header_lines": -1}, "-1 header lines"),
        ({"encoding": "klingon"}, "unknown encoding klingon"),
        ({"zone": "Europe/Atlantis"}, "no time zone Europe/Atlantis"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
    ],
)
def test_an_unsound_definition_is_refused_with_what_to_correct(change, words):
    with pytest.raises(UnsoundFormat, match=words):
        FormatDefinition.parse({**DEFINITION, **change})


def test_a_missing_setting_is_named():
    with pytest.raises(UnsoundFormat, match="asterisk-csv does not say its b_number"):
        FormatDefinition.parse({key: value for key, value in DEFINITION.items() if key != "b_number"})
