"""What can happen to customers, one file a happening or a group that belongs together."""
