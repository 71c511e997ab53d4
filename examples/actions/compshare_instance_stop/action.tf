# Stops the instance when it is asked for, so that it is not billed by the hour any more:
#   terraform apply -invoke=action.compshare_instance_stop.training
action "compshare_instance_stop" "training" {
  config {
    instance_id = "uhost-1a2b3c4d"
  }
}
