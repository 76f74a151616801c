"""What the API offers, a module for each kind of thing."""
