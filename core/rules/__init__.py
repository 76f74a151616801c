"""Pure functions and tables: what a rule of the trade says, never what is done about it."""
