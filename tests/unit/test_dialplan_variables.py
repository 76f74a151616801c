from core.rules.variables import call_variables
from dialplan import names


def test_a_call_carries_the_manuals_four_variables_then_its_input_attributes() -> None:
    inputs = {"HH": "10", "MM": "30", "NAME": "O'Hara, Zoë"}

    variables = call_variables(1555774267, 2, "5551234", "CUSTOMERS2307A", inputs)

    assert variables == (
        ("WOMBAT_HOPPER_ID", "1555774267"),
        ("WOMBAT_RETRY_NO", "2"),
        ("WOMBAT_DIALING_NUMBER", "5551234"),
        ("WOMBAT_DIALING_LIST", "CUSTOMERS2307A"),
        ("HH", "10"),
        ("MM", "30"),
        ("NAME", "O'Hara, Zoë"),
    )


def test_a_record_without_attributes_carries_only_the_four() -> None:
    variables = call_variables(1, 0, "+39055", "L", {})

    assert [name for name, _ in variables] == [
        names.HOPPER_ID,
        names.RETRY_NO,
        names.DIALING_NUMBER,
        names.DIALING_LIST,
    ]


def test_the_user_events_are_the_manuals_four() -> None:
    assert names.USER_EVENTS == ("CALLSTATUS", "ATTRIBUTE", "ATTR_APPEND", "ATTR_CLEAR")
