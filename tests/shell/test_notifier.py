"""The notifier and its courier, against a real HTTP server on loopback."""

import hmac
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from twisted.internet.defer import Deferred, fail, succeed

from core.engine.courier import HttpCourier
from core.engine.delivery import DELIVERED, Verdict
from core.engine.notifier import IN_ALL, PER_HOST
from core.rules.notifications import MAX_ATTEMPTS, MAX_SENT_URL, LetterKind, host_of
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState
from core.store.database import reading
from core.store.outbox import Letter
from core.store.schema import call_log, outbox
from tests.store.test_indexes import statements
from tests.support.post_office import PostOffice, Tls, chattering, serving
from tests.support.rig import Rig
from tests.support.store_site import NOW


def courier(timeout_s: float = 10) -> HttpCourier:
    from twisted.internet import reactor

    return HttpCourier(reactor, timeout_s=timeout_s)  # type: ignore[arg-type]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of loopback that refuses connections."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest_twisted.ensureDeferred
async def test_a_call_is_posted_as_a_form_and_forgotten(sqlite: Engine) -> None:
    async with serving() as server:
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/crm"), body="num=5551234&extstate=&I_NAME=Zo%C3%AB")
        office.turn()
        await office.until(0)
        await office.close()
        [posted] = server.posted
    assert posted.path == "/crm"
    assert posted.fields == {"num": "5551234", "extstate": "", "I_NAME": "Zoë"}
    assert posted.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "X-Whipbird-Signature" not in posted.headers


@pytest_twisted.ensureDeferred
async def test_a_secret_signs_what_was_sent(sqlite: Engine) -> None:
    async with serving() as server:
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/"), secret="hush")
        office.turn()
        await office.until(0)
        await office.close()
        [posted] = server.posted
    expected = hmac.new(b"hush", posted.body, "sha256").hexdigest()
    assert posted.headers["X-Whipbird-Signature"] == f"sha256={expected}"


@pytest_twisted.ensureDeferred
async def test_a_question_is_asked_without_a_body_and_without_a_signature() -> None:
    async with serving() as server:
        ask = replace(make_letter(server.url("/page?num=1")), kind=LetterKind.GET, secret="hush")
        assert await courier().deliver(ask) == DELIVERED
        form = replace(ask, kind=LetterKind.POST)
        assert await courier().deliver(form) == DELIVERED
        asked, posted = server.posted
    assert (asked.method, asked.path, asked.body) == ("GET", "/page", b"")
    assert not {"X-Whipbird-Signature", "Content-Type"} & set(asked.headers)
    assert (posted.method, posted.body) == ("POST", b"num=1")
    assert "X-Whipbird-Signature" in posted.headers


@pytest_twisted.ensureDeferred
async def test_what_failed_is_sent_again_after_its_pause(sqlite: Engine) -> None:
    async with serving() as server:
        server.answers["/"] = [500, 503, 201]
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/"))
        office.turn()
        await office.until(1, failed=1)
        [letter] = office.letters()
        [due_in] = office.due_in()
        assert (letter.attempts, letter.last_error) == (1, "it answered 500 Internal Server Error")
        assert 3.75 <= due_in <= 5
        office.turn(due_in - 0.1)
        assert len(server.posted) == 1
        office.turn(1)
        await office.threads.until(lambda: office.letters()[0].attempts == 2)
        assert 7.5 <= office.due_in()[0] <= 10
        office.turn(10)
        await office.until(0)
        await office.close()
    assert [posted.body for posted in server.posted] == [b"num=1"] * 3


@pytest_twisted.ensureDeferred
async def test_a_server_that_does_not_answer_in_time_counts_as_failed(sqlite: Engine) -> None:
    async with serving() as server:
        server.answers["/"] = [None]
        office = PostOffice(sqlite, courier(timeout_s=0.1).deliver)
        office.tell(server.url("/"))
        office.turn()
        await office.until(1, failed=1)
        await office.close()
        assert office.letters()[0].last_error == "no answer within 0.1 s"


@pytest_twisted.ensureDeferred
async def test_a_refused_connection_counts_as_failed(sqlite: Engine) -> None:
    with closed_port() as port:
        office = PostOffice(sqlite, courier().deliver)
        office.tell(f"http://127.0.0.1:{port}/")
        office.turn()
        await office.until(1, failed=1)
        await office.close()
    assert "refused" in office.letters()[0].last_error


@pytest_twisted.ensureDeferred
async def test_a_redirect_is_not_followed(sqlite: Engine) -> None:
    async with serving() as server:
        server.answers["/"] = [302]
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/"))
        office.turn()
        await office.until(1, failed=1)
        await office.close()
        assert [posted.path for posted in server.posted] == ["/"]
        expected = "it answered 302 Found; redirects are not followed"
        assert office.letters()[0].last_error == expected


@pytest_twisted.ensureDeferred
async def test_a_slow_server_does_not_hold_up_others(sqlite: Engine) -> None:
    async with serving() as slow, serving() as quick:
        slow.answers["/"] = [None] * 30
        office = PostOffice(sqlite, courier().deliver)
        office.tell(slow.url("/"), 30)
        office.tell(quick.url("/", host="localhost"), 10)
        office.turn()
        await quick.heard(10)
        await office.until(30)
        assert len(slow.posted) == PER_HOST
        slow.answers.clear()
        slow.release()
        await office.until(0)
        await office.close()
        assert len(slow.posted) == 30


@pytest_twisted.ensureDeferred
async def test_what_was_not_confirmed_is_sent_again_by_the_next_notifier(sqlite: Engine) -> None:
    async with serving() as server:
        server.answers["/"] = [None]
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/"), body="wombatid=WBT.1")
        office.turn()
        await server.heard(1)
        await office.close()
        assert [letter.attempts for letter in office.letters()] == [0]
        office.open(courier().deliver)
        await office.until(0)
        await office.close()
    assert [posted.body for posted in server.posted] == [b"wombatid=WBT.1"] * 2


@pytest_twisted.ensureDeferred
async def test_a_name_that_leads_to_a_link_local_address_is_refused() -> None:
    async with serving() as server:
        letter = make_letter(server.url("/"))
        assert await courier().deliver(letter) == DELIVERED
        with loopback_forbidden():
            assert "link-local" in (await courier().deliver(letter)).reason
    assert len(server.posted) == 1


@contextmanager
def loopback_forbidden() -> Iterator[None]:
    """No test can have a link-local address of its own; loopback stands in for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.engine.courier.is_link_local", lambda host: host == "127.0.0.1")
        yield


LONG = "http://crm.example/" + "x" * MAX_SENT_URL


def make_letter(url: str) -> Letter:
    return Letter(id=1, campaign_id=1, call_id=1, url=url, body="num=1", attempts=0, created_at=NOW)


@pytest_twisted.ensureDeferred
async def test_a_url_that_breaks_the_rules_is_not_asked() -> None:
    for url, why in (("http://169.254.169.254/latest", "link-local"), (LONG, "it may have")):
        verdict = await courier().deliver(make_letter(url))
        assert verdict.reason.startswith(f"the URL is refused: {why}")
        assert verdict.is_final


@pytest_twisted.ensureDeferred
async def test_an_endless_answer_is_cut_off_and_its_status_counts() -> None:
    async with chattering(inf) as (port, box):
        assert await courier().deliver(make_letter(f"http://127.0.0.1:{port}/")) == DELIVERED
        assert 0 < box.sent < 800


@pytest_twisted.ensureDeferred
async def test_an_answer_that_never_ends_counts_by_its_status_in_time() -> None:
    async with chattering(0.5) as (port, box):
        letter = make_letter(f"http://127.0.0.1:{port}/")
        assert await courier(timeout_s=0.1).deliver(letter) == DELIVERED
        assert box.sent == 1


@pytest_twisted.ensureDeferred
async def test_https_is_spoken_to_a_server_whose_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = Tls(tmp_path)
    async with serving(tls) as server:
        letter = make_letter(server.url("/", host="localhost"))
        assert "certificate verify failed" in (await courier().deliver(letter)).reason
        assert server.posted == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.path))
        assert await courier().deliver(letter) == DELIVERED
        assert server.posted[0].fields == {"num": "1"}
        with loopback_forbidden():
            assert "link-local" in (await courier().deliver(letter)).reason
        by_address = make_letter(server.url("/"))
        assert await courier().deliver(by_address) != DELIVERED
        assert len(server.posted) == 1


# What follows needs no socket: the courier is the test's.


@dataclass
class HeldCourier:
    """Keeps all letters under way until the test says how it went."""

    under_way: dict[int | None, tuple[Letter, Deferred[Verdict]]] = field(default_factory=dict)
    seen: list[int | None] = field(default_factory=list)

    def deliver(self, letter: Letter) -> Deferred[Verdict]:
        self.seen.append(letter.call_id)
        outcome: Deferred[Verdict] = Deferred()
        self.under_way[letter.call_id] = (letter, outcome)
        return outcome

    def end(self, call_id: int, reason: str = "", **more: bool) -> None:
        self.under_way.pop(call_id)[1].callback(Verdict(reason=reason, **more))

    def hosts(self) -> Counter[str]:
        return Counter(host_of(letter.url) for letter, _ in self.under_way.values())


def test_a_host_has_four_letters_under_way_and_all_hosts_32(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    for number in range(10):
        office.tell(f"http://host{number}.example/", 5)
    office.turn()
    assert sorted(held.hosts().values()) == [3] * 8 + [PER_HOST] * 2
    held.end(1)
    assert len(held.under_way) == IN_ALL


def test_campaigns_that_share_a_host_share_its_four(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/a", 5)
    office.tell("https://CRM.example:8443/b", 5)
    office.turn()
    assert held.hosts() == {"crm.example": PER_HOST}


def test_a_host_that_fails_gets_one_at_a_time_until_one_arrives(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/", 20)
    office.turn()
    for call_id in (1, 2, 3, 4):
        held.end(call_id, "down")
    assert list(held.under_way) == [5]
    held.end(5)
    assert list(held.under_way) == [6, 7, 8, 9]


def test_a_letter_is_under_way_once_however_often_the_outbox_is_read(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/", 2)
    for _ in range(5):
        office.turn()
    assert held.seen == [1, 2]


def test_twelve_failures_make_a_dead_letter(sqlite: Engine) -> None:
    office = PostOffice(sqlite, lambda _: succeed(Verdict(reason="down")))
    office.tell("http://crm.example/")
    for _ in range(MAX_ATTEMPTS):
        assert office.letters(dead=True) == []
        office.turn(3600)
    [letter] = office.letters(dead=True)
    assert (letter.attempts, letter.last_error) == (MAX_ATTEMPTS, "down")
    office.turn(36000)
    assert office.letters() == []
    assert office.letters(dead=True) == [letter]


def test_a_backlog_is_worked_off_without_waiting_for_the_beat(sqlite: Engine) -> None:
    delivered: list[int | None] = []

    def deliver(letter: Letter) -> Deferred[Verdict]:
        delivered.append(letter.call_id)
        return succeed(DELIVERED)

    office = PostOffice(sqlite, deliver, calls=500)
    office.tell("http://crm.example/", 500)
    office.turn()
    assert delivered == list(range(1, 501))
    assert office.letters() == []


def test_a_campaign_that_has_enough_in_hand_is_not_read_again(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver, calls=100)
    office.tell("http://crm.example/", 100)
    office.turn()
    with statements(sqlite) as seen:
        office.turn()
        assert seen
        assert not [text for text, _values in seen if "body" in text]
        for call_id in range(1, 31):
            held.end(call_id)
        assert [text for text, _values in seen if "body" in text]


def test_every_log_row_of_a_run_has_one_letter_across_a_crash(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    busy = RescheduleRule(state=CallState.RS_BUSY, max_attempts=2, retry_after_s=5)
    campaign = rig.configure(
        [str(100 + number) for number in range(40)],
        http_notify="http://crm.example/",
        reschedule_rules=(busy,),
    )
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    rig.kill()
    rig.start()
    rig.turn(120)
    with reading(rig.database) as conn:
        logged = conn.execute(select(call_log.c.id)).scalars().all()
        told = conn.execute(select(outbox.c.call_id)).scalars().all()
    rig.close()
    assert len(logged) > 40
    assert sorted(told) == sorted(logged)


def test_a_courier_that_breaks_counts_as_failed(sqlite: Engine) -> None:
    office = PostOffice(sqlite, lambda _: fail(RuntimeError("broken")))
    office.tell("http://crm.example/")
    office.turn()
    assert [(one.attempts, one.last_error) for one in office.letters()] == [(1, "broken")]


def test_outcomes_wait_for_a_database_that_is_away(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/", 2)
    office.turn()
    write, office.threads.write = office.threads.write, away  # type: ignore[method-assign]
    held.end(1)
    office.turn()
    office.threads.write = write  # type: ignore[method-assign]
    assert len(office.letters()) == 2
    office.turn()
    assert [letter.call_id for letter in office.letters()] == [2]
    assert held.seen == [1, 2]


def test_an_outbox_that_cannot_be_read_is_read_at_the_next_beat(sqlite: Engine) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/")
    read, office.threads.read = office.threads.read, away  # type: ignore[method-assign]
    office.turn()
    office.threads.read = read  # type: ignore[method-assign]
    assert held.seen == []
    office.turn()
    assert held.seen == [1]


def away(*_args: Any, **_kwargs: Any) -> Deferred[Any]:
    return fail(OperationalError("SELECT 1", {}, OSError("the database is away")))


def test_when_it_stops_what_is_delivered_in_time_is_written_and_the_rest_cut_short(
    sqlite: Engine,
) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/", 9)
    office.turn()
    stopped: list[None] = []
    office.notifier.stopService().addCallback(stopped.append)
    held.end(1)
    held.end(2, "down")
    assert stopped == []
    office.turn(2)
    assert stopped == [None]
    assert held.seen == [1, 2, 3, 4]
    assert {(one.call_id, one.attempts) for one in office.letters()} == {
        (call_id, 0) for call_id in range(2, 10)
    }


@pytest_twisted.ensureDeferred
async def test_the_log_tells_hosts_and_letters_and_nothing_that_is_said_or_secret(
    sqlite: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving() as server:
        server.answers["/p4th"] = [500]
        office = PostOffice(sqlite, courier().deliver)
        office.tell(server.url("/p4th?key=t0ken"), secret="hu5h", body="num=5551234")
        office.tell(f"http://169.254.169.254/{'p4th'}?key=t0ken", secret="hu5h", body="num=5551234")
        office.turn()
        await office.until(1, failed=1)
        await office.close()
    assert "letters to 127.0.0.1 fail: it answered 500 Internal Server Error" in caplog.text
    assert "is given up" in caplog.text
    for secret in ("p4th", "t0ken", "hu5h", "5551234"):
        assert secret not in caplog.text
