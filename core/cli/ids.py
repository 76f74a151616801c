"""The numbers by which runs, letters and tokens are known."""

import click

#: What a database can hold as one.
ID = click.IntRange(1, 2**63 - 1)
