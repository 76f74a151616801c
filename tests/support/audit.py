"""What a PBX itself says of Whipbird's calls."""

from collections import Counter

from tests.support.asterisk.server import AsteriskServer


def count_live(pbx: AsteriskServer) -> int:
    """Calls up on the PBX: each has two legs."""
    return int(pbx.command("core show channels count").split()[0]) // 2


def recorded_calls(pbx: AsteriskServer) -> Counter[str]:
    """How many calls the PBX recorded under each of our channel ids, far legs left out."""
    ids = [cdr.uniqueid for cdr in pbx.cdr() if cdr.uniqueid.startswith("wb-")]
    return Counter(channel_id for channel_id in ids if not channel_id.endswith(";2"))
