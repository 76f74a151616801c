"""Servers, trunks, end-points and campaigns: what is saved is what is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound
from core.model import (
    CallList,
    Campaign,
    EndPoint,
    Pace,
    Record,
    Server,
    ServerType,
    Simulation,
    Trunk,
)
from core.rules.active_period import ActivePeriod
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.recipient_hours import RecipientHours, UnknownZone
from core.rules.reschedule import RescheduleRule, RetryMode
from core.rules.states import CallState
from core.store.campaigns import (
    fetch_campaign,
    fetch_campaign_by_name,
    fetch_campaigns,
    save_campaign,
)
from core.store.database import reading
from core.store.endpoints import fetch_endpoint, fetch_endpoints, save_endpoint
from core.store.lists import (
    count_records,
    fetch_list_by_name,
    fetch_records,
    insert_records,
    save_list,
    save_record,
)
from core.store.opening_hours import save_opening_hours
from core.store.runs import fetch_outcome, fetch_run
from core.store.servers import fetch_server, fetch_servers, save_server
from core.store.trunks import fetch_trunk, fetch_trunks, save_trunk
from tests.support.store_site import furnish

SERVER = Server(
    name="pbx",
    type=ServerType.SIMULATED,
    host="pbx.example",
    port=5039,
    login="wb",
    password="secret",
    unit_ms=20,
    messages_per_unit=7,
)


def test_a_server_is_found_as_it_was_saved(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_server(conn, SERVER)
    with reading(database) as conn:
        assert fetch_server(conn, saved.id) == replace(SERVER, id=saved.id)
        assert fetch_servers(conn) == [saved]


def test_saving_again_changes_the_same_server(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_server(conn, SERVER)
        changed = save_server(conn, replace(saved, host="other.example", type=ServerType.AMI))
        assert changed.id == saved.id
        assert fetch_servers(conn) == [changed]


@pytest.mark.parametrize(
    "simulation",
    [
        None,
        Simulation(),
        Simulation(outcomes={"busy": 0.25, "silent": 0.75}, ring_s=(0.5, 1), talk_s=(2, 2)),
    ],
)
def test_a_trunk_is_found_with_its_simulation(
    database: Engine, simulation: Simulation | None
) -> None:
    with database.begin() as conn:
        server = save_server(conn, SERVER)
        trunk = Trunk(
            server_id=server.id,
            name="out",
            dial_string="PJSIP/${num}@carrier",
            capacity=3,
            max_calls_per_period=4,
            period_ms=5,
            simulation=simulation,
        )
        saved = save_trunk(conn, trunk)
        assert fetch_trunk(conn, saved.id) == replace(trunk, id=saved.id)
        plain = save_trunk(conn, replace(saved, simulation=None))
        assert fetch_trunks(conn) == [plain]


def test_an_end_point_is_found_as_it_was_saved(database: Engine) -> None:
    with database.begin() as conn:
        server = save_server(conn, SERVER)
        point = EndPoint(
            server_id=server.id, name="desk", extension="s", context="desk", max_channels=2
        )
        saved = save_endpoint(conn, point)
        assert fetch_endpoint(conn, saved.id) == replace(point, id=saved.id)
        moved = save_endpoint(conn, replace(saved, extension="100"))
        assert fetch_endpoints(conn) == [moved]


def test_a_campaign_is_found_with_its_order(database: Engine) -> None:
    site = furnish(database)
    rules = (
        RescheduleRule(state=CallState.RS_BUSY, max_attempts=3, retry_after_s=60),
        RescheduleRule(
            state=CallState.TERMINATED,
            ext_status="VM",
            max_attempts=0,
            retry_after_s=5,
            mode=RetryMode.MULT,
        ),
    )
    with database.begin() as conn:
        second = save_list(conn, CallList(name="second"))
        campaign = replace(
            site.campaign,
            priority=-5,
            pace=Pace.HIDDEN,
            idles_on_termination=True,
            batch_size=7,
            dial_clid='"Zoë" <100>',
            agent_clid="C1 ${NAME}",
            dial_presentation="${SITE}",
            list_ids=(second.id, site.call_list.id),
            reschedule_rules=rules,
        )
        assert save_campaign(conn, campaign) == campaign
    with reading(database) as conn:
        assert fetch_campaign(conn, campaign.id) == campaign
        assert fetch_campaign_by_name(conn, "calls") == campaign
        assert fetch_campaigns(conn) == [campaign]


def test_a_campaign_s_hours_black_lists_and_variables_are_found(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        campaign = replace(site.campaign, **refine(conn))
        assert save_campaign(conn, campaign) == campaign
    with reading(database) as conn:
        assert fetch_campaign(conn, campaign.id) == campaign
        assert fetch_campaigns(conn) == [campaign]


def refine(conn: Connection) -> dict[str, Any]:
    """Another value for each field that came with version 0002, and hours of the recipients."""
    lists = [save_list(conn, CallList(name=name)).id for name in ("b", "c")]
    hours = [
        save_opening_hours(conn, OpeningHours(name=name, default=DefaultMode.OPEN)).id
        for name in ("x", "y")
    ]
    return {
        "variables": (("Z", "1:2"), ("A", "Zoë 😀"), ("EMPTY", "")),
        "amd_mode": "AMD",
        "amd_extra": "2500,1500",
        "amd_file": "sorry",
        "fax_file": "offer.tif",
        "time_zone": "Europe/Zurich",
        "active_period": ActivePeriod(
            start=time(9, 30), end=time(17, 5, 59), days=frozenset({2, 7})
        ),
        "opening_hours_ids": (hours[1], hours[0]),
        "black_list_ids": tuple(lists),
        "checks_every_number": False,
        "recipient_hours": RecipientHours(
            period=ActivePeriod(end=time(20), days=frozenset({1, 3})),
            attribute="TZ",
            country="US",
            unknown=UnknownZone.REFUSE,
        ),
    }


def test_what_a_campaign_no_longer_uses_is_gone(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        save_campaign(conn, replace(site.campaign, **refine(conn)))
    bare = Campaign(id=site.campaign.id, name="calls")
    with database.begin() as conn:
        save_campaign(conn, bare)
    with reading(database) as conn:
        assert fetch_campaign(conn, site.campaign.id) == bare


def test_a_campaign_on_an_unknown_trunk_is_refused(database: Engine) -> None:
    with pytest.raises(IntegrityError), database.begin() as conn:
        save_campaign(conn, Campaign(name="calls", trunk_ids=(999,)))


@pytest.mark.parametrize(
    ("fetch", "key", "message"),
    [
        (fetch_server, 999, 'there is no server "999"'),
        (fetch_trunk, 999, 'there is no trunk "999"'),
        (fetch_endpoint, 999, 'there is no end-point "999"'),
        (fetch_list_by_name, "x", 'there is no list "x"'),
        (fetch_campaign, 999, 'there is no campaign "999"'),
        (fetch_campaign_by_name, "CALLS", 'there is no campaign "CALLS"'),
        (fetch_run, 999_999, 'there is no run "999999"'),
        (fetch_outcome, 999_999, 'there is no command "999999"'),
    ],
)
def test_what_is_not_there_is_named(
    database: Engine, fetch: Callable[[Connection, Any], object], key: object, message: str
) -> None:
    furnish(database)
    with reading(database) as conn, pytest.raises(NotFound) as caught:
        fetch(conn, key)
    assert str(caught.value) == message


def test_records_are_read_in_order_from_where_one_was(database: Engine) -> None:
    with database.begin() as conn:
        one, two = (save_list(conn, CallList(name=name)) for name in ("one", "two"))
        insert_records(conn, [(one.id, "1", '{"A":"x"}'), (two.id, "9", None), (one.id, "2", None)])
        last = save_record(conn, Record(list_id=one.id, number="3", outputs={"B": "y"}))
    with reading(database) as conn:
        first, *rest = fetch_records(conn, one.id, after_id=0, limit=10)
        assert first == Record(id=first.id, list_id=one.id, number="1", inputs={"A": "x"})
        assert [r.number for r in rest] == ["2", "3"]
        assert rest[-1].id == last
        assert rest[-1].outputs == {"B": "y"}
        assert fetch_records(conn, one.id, after_id=first.id, limit=1) == [rest[0]]
        assert fetch_records(conn, one.id, after_id=last, limit=1) == []
        assert count_records(conn, one.id) == 3
