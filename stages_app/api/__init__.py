"""The stages floor's part of the REST API."""
