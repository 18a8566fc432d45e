"""Azure beside the release journal: sizes of scale sets over ARM, the balancer's rule by terraform/traffic."""
