"""The channel variables that a call carries into the dialplan.

Source: manual 25.02, "Controlling Asterisk from WD". Dialplans written for WombatDialer
read these names, so they are part of the contract with users.
"""

from collections.abc import Mapping

#: The WombatID: what identifies this attempt for ever.
HOPPER_ID = "WOMBAT_HOPPER_ID"
#: The number of the present recall, 0 on the first call.
RETRY_NO = "WOMBAT_RETRY_NO"
#: The number being called.
DIALING_NUMBER = "WOMBAT_DIALING_NUMBER"
#: The name of the list that the number comes from.
DIALING_LIST = "WOMBAT_DIALING_LIST"


def call_variables(
    attempt_id: int, retry_no: int, number: str, list_name: str, inputs: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The (name, value) pairs of one call, unescaped: the four of Whipbird's own, then all
    input attributes in their order. `check_name` keeps attributes out of our own names."""
    own = (
        (HOPPER_ID, str(attempt_id)),
        (RETRY_NO, str(retry_no)),
        (DIALING_NUMBER, number),
        (DIALING_LIST, list_name),
    )
    return (*own, *inputs.items())
