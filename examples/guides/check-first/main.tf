data "compshare_instance" "training" {
  instance_id = "uhost-1a2b3c4d"
}

data "compshare_capacity" "training" {
  gpu_type  = data.compshare_instance.training.gpu_type
  zone      = data.compshare_instance.training.zone
  gpu_count = 1
}

resource "compshare_instance_power" "training" {
  instance_id = data.compshare_instance.training.instance_id

  lifecycle {
    precondition {
      condition     = data.compshare_instance.training.state == "Running" || data.compshare_capacity.training.available
      error_message = "Zone ${data.compshare_instance.training.zone} is sold out."
    }
  }
}
