locals {
  live = sort([for name, colour in var.colours : name if colour.live])

  # A repair or a scale-out boots what the scale set's model says at that moment, so the model of a colour that has
  # machines must stay what its release assigned.
  changed_under_load = [
    for name, colour in var.colours : name
    if colour.running > 0 && colour.running_image != null && colour.running_image != colour.image
  ]
  emptied = [for name, colour in var.colours : name if colour.live && colour.machines == 0]
}
