"""Custom fields: definitions per company and entity, and the values that they let through."""
