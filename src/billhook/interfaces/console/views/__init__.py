"""The console's views, one file a subject: read, fill the components, render."""
