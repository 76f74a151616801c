"""Names and texts shared with Asterisk: channel variables, user events, drop-in templates."""
