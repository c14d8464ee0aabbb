"""Billing arithmetic: pure functions over frozen values, with no clock, no database and no binary fractions."""
