# Reboots the instance, which ends whatever runs on it.
action "compshare_instance_reboot" "training" {
  config {
    instance_id = "uhost-1a2b3c4d"
  }
}

# It is rebooted whenever another driver is written down here.
resource "terraform_data" "driver" {
  input = "570.86"

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.compshare_instance_reboot.training]
    }
  }
}
