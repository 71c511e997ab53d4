# Starts and stops the instance once, so that CompShare does not delete it for another 7 days:
#   terraform apply -invoke=action.compshare_instance_keepalive.training
action "compshare_instance_keepalive" "training" {
  config {
    instance_id = "uhost-1a2b3c4d"
  }
}
