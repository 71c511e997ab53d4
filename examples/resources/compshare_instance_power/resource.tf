# This instance runs, and is started again if someone stops it.
resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# This one is stopped, so that it is not billed by the hour.
resource "compshare_instance_power" "spare" {
  instance_id = "uhost-5e6f7a8b"
  state       = "Stopped"
}

# This one runs without its GPU, to copy data at a low price, and is stopped when the resource is destroyed.
resource "compshare_instance_power" "copying" {
  instance_id      = "uhost-9c0d1e2f"
  without_gpu      = true
  without_gpu_spec = "A"
  stop_on_destroy  = true

  timeouts {
    create = "10m"
  }
}
