"""A real Asterisk for tests: unpacked by `install.sh`, configured and run by `server`."""
