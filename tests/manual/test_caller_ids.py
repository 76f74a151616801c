"""Manual 25.02: "Using attributes in Caller-Ids", and the campaign variables of "Campaigns",
Call Placing Details."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.model import Campaign
from core.rules.caller_ids import choose_caller_ids
from core.rules.campaign_variables import MAX_COUNT, parse_campaign_variables
from core.rules.placeholders import check_template, expand
from tests.support.world import World


def caller_id(template: str, **attributes: str) -> str:
    return expand(template, number="5551234", list_name="LEADS", attributes=attributes)


@pytest.mark.parametrize("name", ["WHITE", "SMITH"])
def test_agents_see_the_name_of_the_person_called(name: str) -> None:
    assert caller_id(check_template("C1 ${NAME}"), NAME=name) == f"C1 {name}"


def test_several_attributes_may_stand_in_one_caller_id() -> None:
    shown = caller_id(check_template("${PRACTICE}/${CODE}${CODE}"), PRACTICE="77", CODE="a")
    assert shown == "77/aa"


def test_num_is_the_number_being_called_and_lst_its_list() -> None:
    assert caller_id(check_template("${LST}:${NUM}")) == "LEADS:5551234"
    assert caller_id("${LST}:${NUM}", NUM="1", LST="X") == "LEADS:5551234"


def test_the_four_fields_are_expanded_when_a_call_is_placed() -> None:
    """Dial CLID, Agent CLID, Dial account and Caller presentation."""
    world = World()
    world.add_list(1, ["5551234"], NAME="WHITE", ID="5559876", PRACTICE="77")
    fields = {
        "dial_clid": "${ID}",
        "agent_clid": "C1 ${NAME}",
        "dial_account": "${LST}-${PRACTICE}",
    }
    world.load(Campaign(id=1, name="c", **fields))  # type: ignore[arg-type]
    (call,) = world.originates
    assert call.caller_id == "5559876"
    assert call.endpoint_caller_id == '"C1 WHITE" <5551234>'
    assert call.account == "list 1-77"
    world.load(Campaign(id=2, name="d", dial_presentation="${ID}", **fields), run_id=2)  # type: ignore[arg-type]
    assert (
        world.originates[-1].caller_id
        == choose_caller_ids(
            dial="5559876", agent="C1 WHITE", presentation="5559876", number="5551234"
        ).dialled
    )


@pytest.mark.parametrize("template", ["", "5551000", "Whipbird <5551000>", "cost $5 {a} 50%"])
def test_a_caller_id_without_placeholders_stays_as_it_is(template: str) -> None:
    assert caller_id(check_template(template), NAME="WHITE") == template


def test_an_unknown_attribute_gives_nothing_and_case_counts() -> None:
    assert caller_id("C1 ${NAME}${name}", NAME="WHITE") == "C1 WHITE"
    assert caller_id("${A} ${B}") == ""


def test_a_value_that_looks_like_a_placeholder_is_not_expanded() -> None:
    assert caller_id("${A}", A="${NUM}", B="x") == "${NUM}"
    assert caller_id("${A}${B}", A="${", B="NUM}") == "${NUM}"
    assert caller_id("${A}", A=r"\1\g0") == "1g0"


def test_a_value_cannot_move_the_border_between_name_and_number() -> None:
    shown = caller_id('"${NAME}" <${NUM}>', NAME='White" <911>')
    assert shown == '"White 911" <5551234>'
    assert caller_id('"${NAME}" <${NUM}>', NAME="White\\") == '"White" <5551234>'


def test_a_line_break_in_a_value_cannot_begin_a_header() -> None:
    shown = caller_id("C1 ${NAME}", NAME="W\r\nAction: Logoff\x00\x7f\x85\u2028")
    assert shown == "C1 WAction: Logoff"


def test_a_template_that_was_never_checked_still_expands() -> None:
    assert caller_id("${A-B}${NUM} ${NAME", NAME="WHITE") == "5551234 ${NAME"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("C1 ${NAME", "a ${ needs its }"),
        ("${NAME} ${", "a ${ needs its }"),
        ("${}", "${} names no attribute: a name has letters"),
        ("${A-B}", "${A-B} names no attribute"),
        ("${A${B}}", "${A${B} names no attribute"),
        ("${NUM:3}", "${NUM:3} names no attribute"),
        ("${WOMBAT_ID}", "names in WOMBAT_… are Whipbird's own"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(template: str, says: str) -> None:
    with pytest.raises(InvalidValue) as error:
        check_template(template)
    assert says in str(error.value)
    assert f'template "{template}"' in str(error.value)


@pytest.mark.parametrize("name", ["num", "Lst"])
def test_the_number_and_the_list_in_the_wrong_case_are_unknown(name: str) -> None:
    says = f'template "C ${{{name}}}": ${{{name}}} is unknown: write ${{{name.upper()}}}'
    with pytest.raises(InvalidValue) as error:
        check_template(f"C ${{{name}}}")
    assert str(error.value) == says


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("C1 WHITE", '"C1 WHITE" <5551234>'),
        ('"C1 WHITE"', '"C1 WHITE" <5551234>'),
        ("700", "700"),
        ("+41 91 555-0100", "+41 91 555-0100"),
        ('"WHITE" <700>', '"WHITE" <700>'),
        ("", "Firm <100>"),
    ],
)
def test_the_end_point_is_shown_the_agent_clid_with_a_number(agent: str, shown: str) -> None:
    ids = choose_caller_ids(dial="Firm <100>", agent=agent, presentation="", number="5551234")
    assert (ids.dialled, ids.endpoint) == ("Firm <100>", shown)


def test_the_dialled_person_is_shown_the_presentation_and_the_end_point_is_not() -> None:
    ids = choose_caller_ids(dial="100", agent="", presentation="0800", number="5551234")
    assert (ids.dialled, ids.endpoint) == ("0800", "100")


def test_without_any_caller_id_both_are_shown_what_the_pbx_has() -> None:
    ids = choose_caller_ids(dial="", agent="", presentation="", number="5551234")
    assert (ids.dialled, ids.endpoint) == ("", "")


@given(st.text(), st.dictionaries(st.sampled_from(["A", "B", "NUM"]), st.text()))
def test_no_caller_id_ever_holds_a_control_character(
    template: str, attributes: dict[str, str]
) -> None:
    shown = expand(template + "${A}${B}", number="5", list_name="L\r\n", attributes=attributes)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert len(shown.splitlines()) <= 1


def test_campaign_variables_set_a_to_b_and_c_to_d() -> None:
    assert parse_campaign_variables("A:B,C:D") == (("A", "B"), ("C", "D"))


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_campaign_variables_are_none(text: str) -> None:
    assert parse_campaign_variables(text) == ()


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("URL:http://x:80/a", (("URL", "http://x:80/a"),)),
        (" A :B, C: D,", (("A", "B"), ("C", " D"))),
        ("A:,b:1", (("A", ""), ("b", "1"))),
        ("a:1,A:2", (("a", "1"), ("A", "2"))),
    ],
)
def test_values_hold_colons_and_blanks_and_names_are_trimmed(
    text: str, variables: tuple[tuple[str, str], ...]
) -> None:
    assert parse_campaign_variables(text) == variables


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A", 'campaign variables "A": write NAME:VALUE,NAME:VALUE'),
        ("A:hello, world", '"world": write NAME:VALUE,NAME:VALUE; a value cannot hold a comma'),
        (":B", 'attribute name "": a name has letters'),
        ("A:1,1B:2", 'attribute name "1B"'),
        ("WOMBAT_X:1", "Whipbird's own"),
        ("A:x\ny", "attribute A"),
        ("A:1,C:2, A:3", 'campaign variables "A": a variable has one value, this is set twice'),
        (",".join(f"A{n}:" for n in range(MAX_COUNT + 1)), "at most 20 variables"),
    ],
)
def test_campaign_variables_that_no_call_can_carry_are_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidValue) as error:
        parse_campaign_variables(text)
    assert says in str(error.value)


def test_as_many_campaign_variables_as_allowed_are_accepted() -> None:
    text = ",".join(f"A{n}:{n}" for n in range(MAX_COUNT))
    assert parse_campaign_variables(text) == tuple((f"A{n}", str(n)) for n in range(MAX_COUNT))
