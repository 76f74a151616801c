"""Pages for people: the live page, the runs and their reports."""
