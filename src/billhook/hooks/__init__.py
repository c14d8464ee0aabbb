"""What a hook and a plugin are, which plugins are installed, and which a company has activated."""
