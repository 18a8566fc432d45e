locals {
  # Four containers, because rights are granted per container.
  areas = toset(["registry", "control", "records", "reports"])
}
