# One image for every serving machine of a release: Debian, Docker, HAProxy, the service image and its units, by the same
# Ansible roles that configure plain hosts. It is tested before it is published, and holds no model, no secret and no
# fleet's name: those come at the first boot, by the machine's own identity.
#
# A line that ends with "# today" is left out for Packer 1.6.6; one that begins with "#1.6.6 " is put in (derive.py).

source "azure-arm" "machine" {
  use_azure_cli_auth = true # today
  #1.6.6 client_id       = "00000000-0000-0000-0000-000000000001"
  #1.6.6 client_secret   = var.client_secret
  #1.6.6 tenant_id       = "00000000-0000-0000-0000-000000000002"
  subscription_id = var.subscription_id

  os_type         = "Linux"
  image_publisher = "Debian"
  image_offer     = "debian-12"
  image_sku       = "12-gen2" # Gen2: Trusted Launch wants it

  security_type       = "TrustedLaunch" # today
  secure_boot_enabled = true # today
  vtpm_enabled        = true # today

  build_resource_group_name         = var.resource_group
  vm_size                           = "Standard_D2ads_v5"
  azure_tags                        = var.tags

  # Into the gallery and nowhere else: an image of its own beside it would be another copy to forget.
  #1.6.6 managed_image_name                = "picklefleet-${var.version}"
  #1.6.6 managed_image_resource_group_name = var.resource_group
  shared_image_gallery_destination {
    subscription         = var.subscription_id
    resource_group       = var.resource_group
    gallery_name         = var.gallery
    image_name           = "picklefleet"
    image_version        = var.version
    replication_regions  = var.regions
    storage_account_type = "Standard_ZRS" # today
  }
}

# The same host in a container, for checks: packer build -only=docker.machine. Docker runs inside it too.
source "docker" "machine" {
  image   = var.host_image
  pull    = false
  commit  = true
  changes = ["CMD [\"/sbin/boot\"]"]
  run_command = [
    "-d", "--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock",
    "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE",
    "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
    "-v", "/var/lib/docker", "-v", "/var/lib/containerd", "--", "{{.Image}}"
  ]
}

build {
  sources = ["source.azure-arm.machine", "source.docker.machine"]

  provisioner "shell" {
    only          = ["docker.machine"]
    remote_folder = "/root" # the boot that is just going on empties /tmp
    inline        = ["timeout 90 systemctl is-system-running --wait || true"]
  }

  provisioner "shell" {
    only   = ["azure-arm.machine"]
    inline = ["cloud-init status --wait || true"]
  }

  provisioner "ansible" {
    playbook_file = "${path.root}/../ansible/image.yml"
    user          = "root"
    use_proxy     = true # today
    ansible_env_vars = [
      "ANSIBLE_HOST_KEY_CHECKING=False",
      "ANSIBLE_REMOTE_TMP=/tmp/.ansible",
      "ANSIBLE_ROLES_PATH=${path.root}/../ansible/roles"
    ]
    extra_arguments = [
      "--ssh-extra-args", "-o IdentitiesOnly=yes -o HostKeyAlgorithms=+ssh-rsa -o PubkeyAcceptedAlgorithms=+ssh-rsa",
      "--scp-extra-args", "'-O'",
      "-e", "ansible_python_interpreter=/usr/bin/python3",
      "-e", "picklefleet_image=${var.service_image}",
      "-e", "picklefleet_image_archive=${var.archive}",
      "-e", "picklefleet_trust=${var.trust}",
      "-e", "image_certificate=${var.certificate}",
      "-e", "picklefleet_store=az://set-at-the-first-boot"
    ]
  }

  # Before anything is published: services, hygiene, and a model's golden rows through the image that is carried.
  provisioner "file" {
    source      = "${path.root}/check-image.sh"
    destination = "/tmp/check-image.sh"
  }

  provisioner "file" {
    source      = "${path.root}/check_model.py"
    destination = "/tmp/check_model.py"
  }

  provisioner "shell" {
    inline = ["sudo bash /tmp/check-image.sh ${var.service_image} && rm -f /tmp/check-image.sh /tmp/check_model.py"]
  }

  provisioner "shell" {
    only   = ["azure-arm.machine"]
    inline = ["sudo waagent -force -deprovision+user && sudo sync"]
  }

  post-processor "docker-tag" {
    only       = ["docker.machine"]
    repository = "picklefleet-baked"
    tags       = [var.version, "latest"]
  }

  post-processor "manifest" {
    output = "var/packer/manifest.json"
  }
}
