"""The web faces: translate HTTP to operations and snapshots to pages."""
