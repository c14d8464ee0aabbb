"""Who is billed: customers, their account types, hierarchies and payment instruments."""
