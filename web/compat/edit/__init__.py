"""Manual 25.02, "The JSON configuration API": the fourteen objects of `edit/…`."""
