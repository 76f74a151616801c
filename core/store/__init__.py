"""The database. Synchronous functions for threads; dataclasses out, never rows."""
