"""The console script `whipbird`: the command line, given the edges it may need."""


def main() -> None:
    """Run the command line."""
    from core.cli import main as cli

    cli()
