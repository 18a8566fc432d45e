"""From an answered request to a window of records: spool → segments → index → scan, each row exactly once."""
