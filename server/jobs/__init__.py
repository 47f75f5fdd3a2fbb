"""Scheduled work of the worker role."""
