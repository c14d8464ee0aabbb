"""What was used: raw usage into rated, reconciled, explainable charges."""
