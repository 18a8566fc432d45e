locals {
  # One state for each root, each in a container of its own: rights are granted per container.
  states = toset(["staging", "production", "staging-traffic", "production-traffic"])

  # A workflow signs in as what its job may do; who may start a production job is the repository's environment rule.
  pipelines = toset(["plan", "image", "staging", "production"])

  # `plan` reads for pull requests, and before an approval; `…-plan` are environments without reviewers.
  subjects = {
    plan            = { pipeline = "plan", subject = "repo:${var.repository}:pull_request" }
    plan-staging    = { pipeline = "plan", subject = "repo:${var.repository}:environment:staging-plan" }
    plan-production = { pipeline = "plan", subject = "repo:${var.repository}:environment:production-plan" }
    image           = { pipeline = "image", subject = "repo:${var.repository}:environment:images" }
    staging         = { pipeline = "staging", subject = "repo:${var.repository}:environment:staging" }
    production      = { pipeline = "production", subject = "repo:${var.repository}:environment:production" }
  }

  # The states of terraform/traffic are no pipeline's: each environment lets its release walker write there.
  state_rights = {
    plan-reads-staging           = { pipeline = "plan", state = "staging", right = "Storage Blob Data Reader" }
    plan-reads-production        = { pipeline = "plan", state = "production", right = "Storage Blob Data Reader" }
    staging-writes-staging       = { pipeline = "staging", state = "staging", right = "Storage Blob Data Contributor" }
    production-writes-production = { pipeline = "production", state = "production", right = "Storage Blob Data Contributor" }
  }
}
