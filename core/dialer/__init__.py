"""The brain: receive(event, now), decide(now) -> commands. No input, no output."""
