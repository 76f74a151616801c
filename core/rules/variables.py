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

#: Which answering-machine and fax tracking the dialplan is to do; its parameters; the sound for
#: a machine; the TIFF for a fax (manual 25.02, "AMD & Fax detection").
AMD_MODE, AMD_EXTRA, AMD_FILE, FAX_FILE = "AMD_MODE", "AMD_EXTRA", "AMD_FILE", "FAX_FILE"


def tracking_variables(
    mode: str, extra: str, amd_file: str, fax_file: str
) -> tuple[tuple[str, str], ...]:
    """The (name, value) pairs of those that are set."""
    pairs = ((AMD_MODE, mode), (AMD_EXTRA, extra), (AMD_FILE, amd_file), (FAX_FILE, fax_file))
    return tuple((name, value) for name, value in pairs if value)


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
