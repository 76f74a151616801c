"""Whipbird's brain: what to dial, when, and what became of it.

From the bottom up: `rules` are pure tables and functions; `model` and `ports` are what is
configured and what crosses the borders; `dialer` decides, without input or output; `store`
keeps; `operations` are what a person or a program may ask; `engine` runs it all on the
reactor; `cli` is the command line.
"""
