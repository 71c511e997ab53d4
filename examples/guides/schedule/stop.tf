resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

resource "compshare_instance_stop_schedule" "training" {
  instance_id = compshare_instance_power.training.id
  stop_after  = "8h"

  # Sets the stop again after each start.
  triggers = {
    started = compshare_instance_power.training.started_at
  }
}
