"""What a campaign is made of, in the words of the site file (docs/site-file.md)."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.model import BoostingModel, Logging, Pace
from core.rules.disposition import AttributeMode
from core.rules.reschedule import RetryMode
from core.rules.run_mail import EmailEvents
from core.rules.states import CallState
from web.api.resources.element_shapes import Stamped

Unknown = Literal["campaign", "refuse"]
RuleAction = Literal[
    "none", "http_get", "http_post", "email", "add_list", "add_blacklist", "recall"
]


class RecipientHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hours in which people are called by their own clocks; `{}` is at any hour."""

    start_time: str | UnsetType = UNSET
    end_time: str | UnsetType = UNSET
    days: str | UnsetType = UNSET
    attribute: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    unknown: Unknown | UnsetType = UNSET


class RescheduleRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a call that ended so is tried again."""

    state: CallState
    ext_status: str | UnsetType = UNSET
    max_attempts: int | UnsetType = UNSET
    retry_after_s: int | UnsetType = UNSET
    mode: RetryMode | UnsetType = UNSET


class DispositionRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with a call that is over; which fields it has depends on its `action`."""

    state: CallState
    action: RuleAction
    ext_status: str | UnsetType = UNSET
    with_retries_pending: bool | UnsetType = UNSET
    url: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    list: str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    for_s: int | UnsetType = UNSET
    after_s: int | UnsetType = UNSET
    attributes: AttributeMode | UnsetType = UNSET
    set: str | UnsetType = UNSET


class ConfiguredCampaign(Stamped, frozen=True, kw_only=True):
    """A campaign's definition, by which its next run is made. The secret that signs what is
    posted is not shown."""

    priority: int
    pace: Pace
    idles_on_termination: bool
    batch_size: int
    answer_timeout_ms: int
    max_call_length_s: int
    caller_id: str
    agent_caller_id: str
    presentation: str
    account: str
    trunks: tuple[str, ...]
    end_points: tuple[str, ...]
    variables: str
    amd_mode: str
    amd_extra: str
    amd_file: str
    fax_file: str
    http_notify: str
    email_events: EmailEvents
    email_addresses: tuple[str, ...]
    time_zone: str
    start_time: str
    end_time: str
    days: str
    opening_hours: tuple[str, ...]
    lists: tuple[str, ...]
    black_lists: tuple[str, ...]
    caps: tuple[str, ...]
    check_every_number: bool
    cap_wait_h: int
    recipient_hours: RecipientHours
    reschedule: tuple[RescheduleRule, ...]
    disposition: tuple[DispositionRule, ...]
    boost_percent: int
    boosting_model: BoostingModel
    auto_pause: bool
    additional_logging: Logging
    logging_alias: str
    logging_attributes: str
    security_key: str
