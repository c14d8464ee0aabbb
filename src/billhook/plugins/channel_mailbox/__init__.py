"""Messages as files in a folder, one `.eml` each: for a sandbox, a trial, or a mail server that picks them up."""
