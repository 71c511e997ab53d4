resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# Stops the instance 8 hours after each start by Terraform, even if Terraform never runs again.
resource "compshare_instance_stop_schedule" "training" {
  instance_id = compshare_instance_power.training.id
  stop_after  = "8h"

  triggers = {
    started = compshare_instance_power.training.started_at
  }
}

# Stops the instance at a fixed time.
resource "compshare_instance_stop_schedule" "rendering" {
  instance_id = "uhost-5e6f7a8b"
  stop_at     = "2099-12-31T18:00:00+08:00"
}
