# Run once, from a laptop, by an owner of the subscription: it makes the place where all other state lies, and the
# identities of the pipelines. Its own small state is moved there afterwards (terraform/README.md).
terraform {
  required_version = ">= 1.11"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
  }
}

provider "azurerm" {
  storage_use_azuread = true

  features {}
}
