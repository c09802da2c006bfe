"""Sluice: a customer-event pipeline that lives in its user's own AWS account."""

__version__ = "0.1.0"
