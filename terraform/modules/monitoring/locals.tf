locals {
  # Metrics come by the agents (docs/metrics.md). Each question is asked over the whole fleet, never per machine:
  # one machine's trouble is repaired, not mailed.
  questions = {
    errors = {
      severity    = 1
      frequency   = "PT1M"
      window      = "PT5M"
      description = "More than 1 % of the requests failed during five minutes."
      query       = <<-KQL
        AppMetrics
        | where Name startswith "picklefleet.requests."
        | summarize failed = sumif(Sum, Name endswith ".5xx"), all = sum(Sum)
        | where all >= 100 and failed > 0.01 * all
      KQL
    }
    slow = {
      severity    = 2
      frequency   = "PT5M"
      window      = "PT15M"
      description = "More than 1 % of the requests took longer than ${var.p99_ms} ms during a quarter of an hour."
      query       = <<-KQL
        AppMetrics
        | where Name startswith "picklefleet.request_seconds."
        | extend edge_us = toint(extract(@"to_0*(\d+)$", 1, Name))
        | summarize slow = sumif(Sum, isnull(edge_us) or edge_us > ${var.p99_ms * 1000}), all = sum(Sum)
        | where all >= 100 and slow > 0.01 * all
      KQL
    }
    silent = {
      severity    = 1
      frequency   = "PT5M"
      window      = "PT15M"
      description = "No machine told anything for a quarter of an hour."
      query       = <<-KQL
        AppMetrics
        | where Name startswith "picklefleet."
        | summarize told = count()
        | where told == 0
      KQL
    }
    records-dropped = {
      severity    = 2
      frequency   = "PT5M"
      window      = "PT15M"
      description = "Predictions were answered that could not be recorded."
      query       = <<-KQL
        AppMetrics
        | where Name startswith "picklefleet.records_dropped."
        | summarize rows = sum(Sum)
        | where rows > 0
      KQL
    }
    report-missing = {
      severity    = 2
      frequency   = "PT1H"
      window      = "PT2H"
      description = "A nightly report is six hours late, or no worker runs that would make it."
      query       = <<-KQL
        AppMetrics
        | where Name == "picklefleet.nights_missing"
        | summarize told = count(), missing = max(Max)
        | where told == 0 or missing > 0
      KQL
    }
  }
}
