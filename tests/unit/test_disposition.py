"""Disposition rules: what comes from outside stays in its place, and cycles are found."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.rules.attributes import MAX_COUNT, check_attributes, fit_attributes
from core.rules.call_words import CallWords, check_variables
from core.rules.disposition import (
    Addition,
    DispositionRule,
    Verb,
    check_address_template,
    check_url_template,
    decide_effects,
    find_cycle,
)
from core.rules.notifications import MAX_SENT_URL, Notification, check_url
from core.rules.states import CallState

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEXTS = st.text(st.characters())


def words(**inputs: str) -> CallWords:
    return CallWords(
        number="100",
        dialled="100",
        retry_no=0,
        list_name="people",
        state=CallState.RS_BUSY,
        ext_status="",
        campaign="c",
        run_name="c 1",
        inputs=inputs,
        outputs={},
    )


def apply(verb: Verb, call: CallWords, **values: object) -> object:
    rule = DispositionRule(state=CallState.RS_BUSY, verb=verb, **values)  # type: ignore[arg-type]
    effects = decide_effects([rule], call, is_rescheduled=False, now=NOW, zone=UTC_ZONE)
    return effects[0] if effects else None


def letter(verb: Verb, call: CallWords, **values: object) -> Notification:
    found = apply(verb, call, **values)
    assert isinstance(found, Notification)
    return found


@given(TEXTS)
def test_whatever_an_attribute_holds_a_url_keeps_its_server_and_its_other_fields(
    value: str,
) -> None:
    template = "http://crm.example/${ATTRA}/x?a=${ATTRA}&b=2"
    url = letter(Verb.HTTP_GET, words(A=value), destination=template).url
    assert check_url(url, MAX_SENT_URL) == url
    parts = urlsplit(url)
    assert parts.netloc == "crm.example"
    fields = parse_qsl(parts.query, keep_blank_values=True)
    assert fields == [("a", value.encode("utf-8", "replace").decode()), ("b", "2")]


@given(TEXTS)
@example("\ud800")
def test_whatever_an_attribute_holds_a_form_keeps_its_other_fields(value: str) -> None:
    body = letter(
        Verb.HTTP_POST, words(A=value), destination="http://x/", text="a=${ATTRA}&b=2"
    ).body
    assert body.isascii()
    fields = parse_qsl(body, keep_blank_values=True)
    assert fields == [("a", value.encode("utf-8", "replace").decode()), ("b", "2")]


@given(TEXTS)
def test_whatever_an_attribute_holds_an_email_has_one_line_for_address_and_subject(
    value: str,
) -> None:
    mail = apply(Verb.EMAIL, words(A=value), destination="x${ATTRA}@b.ch", text="${ATTRA}")
    assert isinstance(mail, Notification)
    assert mail.url.isprintable()
    assert mail.subject.isprintable()
    mail.body.encode()


def test_a_person_without_an_address_gets_no_email() -> None:
    assert apply(Verb.EMAIL, words(A=" "), destination="${ATTRA}", text="x") is None
    assert apply(Verb.EMAIL, words(), destination="${ATTRA}", text="x") is None


def test_a_url_that_grew_too_long_is_cut_where_it_is_refused() -> None:
    url = letter(Verb.HTTP_GET, words(A="é" * 2000), destination="http://x/${ATTRA}").url
    assert len(url) == MAX_SENT_URL + 1
    with pytest.raises(InvalidValue, match="at most 8000 characters"):
        check_url(url, MAX_SENT_URL)


@given(st.dictionaries(TEXTS, TEXTS))
def test_whatever_calls_found_out_a_new_number_has_right_attributes(found: dict[str, str]) -> None:
    added = apply(Verb.ADD_LIST, words(**found), list_id=1)
    assert isinstance(added, Addition)
    assert check_attributes(added.inputs) == added.inputs
    assert set(added.inputs) <= set(found)


def test_attributes_that_fit_are_kept_and_the_others_left_out() -> None:
    fitted = fit_attributes({"OK": "1", "NO-NAME": "2", "LONG": "x" * 901, "LINES": "a\r\nb"})
    assert fitted == {"OK": "1", "LINES": "a  b"}
    many = fit_attributes({f"A{i}": "x" for i in range(200)})
    assert list(many) == [f"A{i}" for i in range(MAX_COUNT)]
    assert fit_attributes({"A": "b\udc80"}) == {"A": "b?"}


@pytest.mark.parametrize("template", ["", "no variable", "${NUM}", "$ {NUM", "${ATTRA}${LIST}"])
def test_a_template_of_known_variables_is_taken(template: str) -> None:
    assert check_variables(template) == template


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("${NUMBER}", 'variable "${NUMBER}": there is no such variable; NUM, N_RETRY, LIST, '),
        ("${num}", 'variable "${num}"'),
        ("${ATTR}", 'variable "${ATTR}"'),
        ("${}", 'variable "${}"'),
        ("${NUM", 'template "${NUM": a ${ needs its }'),
    ],
)
def test_a_variable_that_does_not_exist_is_refused(template: str, problem: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_variables(template)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("url", ["http://x/${NUM}", "https://x:8443?a=${ATTRB}", "http://x/a"])
def test_a_url_may_hold_variables_behind_its_host(url: str) -> None:
    assert check_url_template(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "${ATTRURL}", "http://${ATTRHOST}/", "http://crm.${ATTRX}/", "http://crm.example:${NUM}/",
        "${ATTRX}://crm.example/", "http://crm.example${ATTRX}/", "http://${NUM}@crm.example/",
        "crm.example", "http://169.254.1.1/${NUM}", "http://x/${NUMB}", "http://x/ ${NUM}", "",
    ],
)  # fmt: skip
def test_an_attribute_never_says_where_a_url_leads(url: str) -> None:
    with pytest.raises(InvalidValue):
        check_url_template(url)


@pytest.mark.parametrize("address", ["a@b.ch", "${ATTREMAIL}", "${NUM}@fax.example"])
def test_an_address_may_be_or_hold_a_variable(address: str) -> None:
    assert check_address_template(address) == address


@pytest.mark.parametrize("address", ["", "anna", "${NUM}", "${ATTRA}${ATTRB}", "a@b.ch ${NUM}"])
def test_what_can_be_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue):
        check_address_template(address)


def test_a_cycle_is_found_however_long_and_the_shortest_is_told() -> None:
    assert find_cycle("A", {}) == ()
    assert find_cycle("A", {"A": ["A"]}) == ("A", "A")
    assert find_cycle("A", {"A": ["B"], "B": ["A"]}) == ("A", "B", "A")
    assert find_cycle("A", {"A": ["B", "C"], "B": ["C"], "C": ["D"], "D": ["A"]}) == (
        "A", "C", "D", "A",
    )  # fmt: skip
    assert find_cycle("A", {"A": ["B"], "B": ["C"], "C": ["B"]}) == ()
