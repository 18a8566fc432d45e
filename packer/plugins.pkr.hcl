# What a Packer of today loads by `packer init packer`. Packer 1.6.6 has these built in and refuses the block, so it
# stands in a file of its own that derive.py leaves out.
packer {
  required_version = ">= 1.9.0"

  required_plugins {
    azure = {
      version = "= 2.3.3"
      source  = "github.com/hashicorp/azure"
    }
    ansible = {
      version = "= 1.1.3"
      source  = "github.com/hashicorp/ansible"
    }
    docker = {
      version = "= 1.1.1"
      source  = "github.com/hashicorp/docker"
    }
  }
}
