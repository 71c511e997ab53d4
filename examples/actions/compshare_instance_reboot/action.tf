# Reboots the instance. All processes on it are terminated.
action "compshare_instance_reboot" "training" {
  config {
    instance_id = "uhost-1a2b3c4d"
  }
}

# Reboots the instance when the driver version changes.
resource "terraform_data" "driver" {
  input = "570.86"

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.compshare_instance_reboot.training]
    }
  }
}
