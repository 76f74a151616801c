"""The Asterisk Manager Interface: the PBX port, real and simulated."""
