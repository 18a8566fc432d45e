variables {
  colours = {
    blue  = { image = "image-1", running_image = "image-1", machines = 3, running = 3, live = true }
    green = { image = "image-2", running_image = "image-1", machines = 0, running = 0 }
  }
}

run "one_live_colour_has_the_rule" {
  command = plan

  assert {
    condition     = output.pool == "blue" && output.canary_share == null
    error_message = "The rule belongs to the one live colour."
  }
  assert {
    condition     = output.images == { blue = "image-1", green = "image-2" }
    error_message = "An empty colour takes the image of its new release."
  }
}

run "during_a_release_the_rule_belongs_to_both" {
  command = plan
  variables {
    colours = {
      blue  = { image = "image-1", running_image = "image-1", machines = 3, running = 3, live = true }
      green = { image = "image-2", running_image = "image-2", machines = 1, running = 1, live = true }
    }
  }

  assert {
    condition     = output.pool == "both" && output.canary_share == 0.25
    error_message = "One machine beside three is a quarter of the connections."
  }
}

run "before_the_first_release_there_is_no_pool" {
  command = plan
  variables {
    colours = {
      blue  = { image = "", machines = 0 }
      green = { image = "", machines = 0 }
    }
  }

  assert {
    condition     = output.pool == null
    error_message = "Nothing is live yet."
  }
}

run "the_live_colours_model_never_changes" {
  command = plan
  variables {
    colours = {
      blue  = { image = "image-2", running_image = "image-1", machines = 3, running = 3, live = true }
      green = { image = "image-1", running_image = "image-1", machines = 0, running = 0 }
    }
  }
  expect_failures = [output.images]
}

run "an_idle_colours_model_changes_only_at_capacity_0" {
  command = plan
  variables {
    colours = {
      blue  = { image = "image-1", running_image = "image-1", machines = 3, running = 3, live = true }
      green = { image = "image-3", running_image = "image-2", machines = 1, running = 1 }
    }
  }
  expect_failures = [output.images]
}

run "a_live_colour_is_not_emptied" {
  command = plan
  variables {
    colours = {
      blue  = { image = "image-1", running_image = "image-1", machines = 0, running = 3, live = true }
      green = { image = "image-1", running_image = "image-1", machines = 0, running = 0 }
    }
  }
  expect_failures = [output.machines]
}

run "machines_need_an_image" {
  command = plan
  variables {
    colours = {
      blue  = { image = "", machines = 3 }
      green = { image = "", machines = 0 }
    }
  }
  expect_failures = [var.colours]
}

run "there_are_two_colours" {
  command = plan
  variables {
    colours = { red = { image = "image-1", machines = 3 } }
  }
  expect_failures = [var.colours]
}
