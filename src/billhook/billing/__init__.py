"""The run that turns agreements and usage into invoices."""
