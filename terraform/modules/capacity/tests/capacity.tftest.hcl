variables {
  peak_requests_per_s    = 1000
  machine_requests_per_s = 200
}

run "two_zones_carry_what_three_share" {
  command = plan

  assert {
    condition     = output.minimum == 12
    error_message = "1,000 a second at 160 a machine are 7 machines, 4 in each of two zones, so 12 in three."
  }
  assert {
    condition     = output.load_after_zone_loss <= 0.8
    error_message = "After a zone is lost no machine may be above its highest load."
  }
  assert {
    condition     = output.usual_load <= 0.66
    error_message = "With every zone there, two thirds of the load that one zone's loss leaves, at most."
  }
  assert {
    condition     = output.maximum == 36
    error_message = "Autoscale may make it three times as large."
  }
}

run "each_zone_has_a_machine_however_little_there_is_to_do" {
  command = plan
  variables {
    peak_requests_per_s = 1
  }

  assert {
    condition     = output.minimum == 3
    error_message = "Three zones hold three machines at the least."
  }
}

run "one_zone_survives_the_loss_of_a_machine" {
  command = plan
  variables {
    zones = 1
  }

  assert {
    condition     = output.minimum == 8 && output.load_after_zone_loss <= 0.8
    error_message = "7 machines carry the peak, so 8 are there."
  }
}

run "a_fleet_beyond_one_scale_set_is_refused" {
  command = plan
  variables {
    peak_requests_per_s = 100000
  }
  expect_failures = [output.minimum]
}

run "a_machine_must_answer_something" {
  command = plan
  variables {
    machine_requests_per_s = 0
  }
  expect_failures = [var.machine_requests_per_s]
}

run "the_limit_itself_is_no_load_to_plan_for" {
  command = plan
  variables {
    highest_load = 1
  }
  expect_failures = [var.highest_load]
}
