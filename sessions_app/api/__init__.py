"""The REST API of the ground floor, and what the floors above build theirs with."""
