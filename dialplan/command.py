"""`whipbird dialplan`: the drop-in for Asterisk, written for one address."""

import click

from core.cli.output import answer, json_option
from core.cli.session import Session, pass_session


@click.command(short_help="Write the drop-in for extensions_custom.conf.")
@click.option("--host", required=True, help="Where Asterisk reaches Whipbird's FastAGI.")
@click.option("--sound", default="demo-congrats", show_default=True, help="The message to play.")
@json_option
@pass_session
def dialplan(session: Session, host: str, sound: str) -> None:
    """Write a ready dialplan to standard output: contexts that play a message, look for an
    answering machine, and report to this Whipbird."""
    from dialplan.render import render_drop_in

    text = render_drop_in(host=host, port=session.config.fastagi.port, sound=sound)
    answer({"dialplan": text}, text)
