"""When Python looks for garbage in the server's process.

A full collection goes through every object there is and holds up calls and answers meanwhile, a
tenth of a second every ten of them under load. What is there once all is loaded stays, so it need
not be looked at; what comes later is looked at in larger portions.
"""

import gc

#: New objects before the youngest are looked at, and how many such looks there are before the
#: next older ones are: a portion takes some milliseconds.
PORTIONS = (5000, 20, 50)


def leave_what_is_there() -> None:
    """Look at no object again that is there now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PORTIONS)
