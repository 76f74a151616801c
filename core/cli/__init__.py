"""The command line, a face over the operations.

Commands import what is heavy (SQLAlchemy, rich, Twisted) when they run, so that
`whipbird --help` answers at once.
"""
