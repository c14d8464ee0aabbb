"""Adapters: from what a case is given to a call of the core, one module an area."""
