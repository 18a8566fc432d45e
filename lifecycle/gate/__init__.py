"""Champion against challenger: measurements in, a verdict with reasons out. Pure, and valid however often it looks."""
