# Starts the instance on demand, and retries while the zone is sold out:
#   terraform apply -invoke=action.compshare_instance_start.training
action "compshare_instance_start" "training" {
  config {
    instance_id       = "uhost-1a2b3c4d"
    wait_for_capacity = true
    timeout           = "2h"
  }
}
