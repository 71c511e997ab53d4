# An instance with one GPU that is billed while it runs. It is created only if it costs at most 2.5 CNY per hour.
resource "compshare_instance" "training" {
  name          = "training"
  zone          = "cn-wlcb-01"
  gpu_type      = "4090"
  image_id      = "compshareImage-12rjyhwynazd"
  max_price_cny = 2.5

  # A destroy or a replacement deletes the system disk and its data.
  deletion_protection = true
}

# Stops and starts the instance: remove `state` to start it again.
resource "compshare_instance_power" "training" {
  instance_id = compshare_instance.training.id
  state       = "Stopped"
}

# A spot instance with two GPUs and a larger disk. The apply waits while the zone is sold out.
resource "compshare_instance" "batch" {
  name              = "batch"
  zone              = "cn-wlcb-01"
  gpu_type          = "4090"
  gpu_count         = 2
  image_id          = "compshareImage-12rjyhwynazd"
  charge_type       = "Spot"
  boot_disk_gb      = 200
  wait_for_capacity = true

  timeouts {
    create = "1h"
  }
}
