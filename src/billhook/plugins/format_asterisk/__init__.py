"""Asterisk's `Master.csv`: the call records that `cdr_csv` writes."""
