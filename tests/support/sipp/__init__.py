"""A SIP carrier for tests, played by SIPp."""
