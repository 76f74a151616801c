"""Whipbird's own API, `/api/v1`: JSON in, JSON out, described by OpenAPI."""
