# Stops the instance on demand:
#   terraform apply -invoke=action.compshare_instance_stop.training
action "compshare_instance_stop" "training" {
  config {
    instance_id = "uhost-1a2b3c4d"
  }
}
