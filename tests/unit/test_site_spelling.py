"""What is spelled is what is read."""

import tomllib

import pytest

from core.operations.site_changes import compare
from core.operations.site_file import Entry, parse_site, read_entry
from core.operations.site_spelling import spell

FILE = """
[servers.pbx]
type = "simulated"
password = "hush"

[trunks.out]
server = "pbx"
dial_string = "PJSIP/${num}@out"
simulation = { outcomes = { busy = 1.0 }, ring_s = [1.0, 2.0], talk_s = [3.0, 4.0] }

[trunks.plain]
server = "pbx"
dial_string = "PJSIP/${num}@out"

[end_points.desk]
server = "pbx"
extension = "s"
context = "desk"

[lists.people]
hidden = true

[lists.dnc]

[opening_hours.office]
default = "closed"
rules = [
    { name = "x", days = ["Mo", "Fr"], from_date = "25/12", to_date = "03/01", state = "CLOSED" },
    { from_date = "01/02/2026", from_time = "9:30", to_time = "17:00", state = "OPEN" },
]

[caps.law]
preset = "us-reg-f"

[campaigns.other]

[campaigns.calls]
pace = "closed"
trunks = ["out"]
end_points = ["desk"]
lists = ["people"]
black_lists = ["dnc"]
check_every_number = false
opening_hours = ["office"]
caps = ["law"]
variables = "A:B,C:d:e"
http_secret = "hush"
email_events = "FINISH"
email_addresses = ["a@b.ch"]
time_zone = "Europe/Zurich"
start_time = "8:00"
days = "23456"
recipient_hours = { start_time = "9:00", country = "US", unknown = "refuse" }

[[campaigns.calls.reschedule]]
state = "RS_BUSY"
ext_status = "$"
mode = "MULT"
retry_after_s = 5

[[campaigns.calls.disposition]]
state = "RS_BUSY"
action = "http_post"
url = "http://x.ch/"
text = "a=b"

[[campaigns.calls.disposition]]
state = "RS_BUSY"
with_retries_pending = true
action = "add_blacklist"
list = "dnc"
for_s = 60
attributes = "INBOUND"
set = "A:${NUM}"

[[campaigns.calls.disposition]]
state = "TERMINATED"
action = "email"
to = "${ATTRMAIL}"
text = "a\\nb"

[[campaigns.calls.disposition]]
state = "RS_AGENTSkip"
action = "none"

[[campaigns.calls.disposition]]
state = "TERMINATED"
action = "recall"
campaign = "other"
after_s = 5
"""


def entries() -> list[Entry]:
    found, problems = parse_site(FILE)
    changes = compare(found, (), problems)
    assert problems == []
    return [change.entry for change in changes]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.place)
def test_an_entry_is_read_as_it_was_spelled(entry: Entry) -> None:
    problems: list[str] = []
    again = read_entry(entry.kind, entry.name, spell(entry), problems)
    assert problems == []
    left_out = {key for key, value in entry.values.items() if key not in again.values}
    assert left_out <= {"password", "http_secret", "simulation"}
    assert {**entry.values, **again.values} == entry.values


def test_secrets_are_not_spelled() -> None:
    assert "hush" not in str([spell(entry) for entry in entries()])


def test_a_spelled_entry_is_what_a_person_would_write() -> None:
    spelled = {entry.place: spell(entry) for entry in entries()}
    assert spelled["servers.pbx"]["type"] == "simulated"
    assert spelled["opening_hours.office"]["default"] == "closed"
    calls = spelled["campaigns.calls"]
    written = tomllib.loads(FILE)["campaigns"]["calls"]
    assert calls["variables"] == written["variables"]
    assert calls["start_time"] == "08:00:00"
    assert calls["disposition"][0]["url"] == "http://x.ch/"
    assert spelled["campaigns.other"]["recipient_hours"] == {}
