variable "colours" {
  description = <<-TEXT
    What the release journal says of each colour (`picklefleet release assignments --json` writes it):
    `image` is the machine image of the release that is assigned, `running_image` the one that its machines boot now,
    `machines` how many are wanted, `running` how many there are, `live` whether clients are sent to it.
  TEXT
  type = map(object({
    image         = string
    running_image = optional(string)
    machines      = number
    running       = optional(number, 0)
    live          = optional(bool, false)
    release       = optional(string, "")
  }))

  validation {
    condition     = toset(keys(var.colours)) == toset(["blue", "green"])
    error_message = "`colours` must hold exactly blue and green."
  }
  validation {
    condition     = alltrue([for colour in values(var.colours) : colour.machines >= 0 && colour.running >= 0])
    error_message = "A number of machines can't be negative."
  }
  validation {
    condition     = alltrue([for colour in values(var.colours) : colour.machines == 0 || colour.image != ""])
    error_message = "A colour with machines needs the image of its release."
  }
}
