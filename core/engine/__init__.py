"""The shell around the dialer: mailbox, tick, executor, journal, recovery."""
