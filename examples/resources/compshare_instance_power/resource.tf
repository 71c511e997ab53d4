# Keeps the instance running. The next apply starts it again if it was stopped outside Terraform.
resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# Keeps the instance stopped.
resource "compshare_instance_power" "spare" {
  instance_id = "uhost-5e6f7a8b"
  state       = "Stopped"
}

# Runs the instance in no-GPU mode, to copy data at a lower price, and stops it when the resource is destroyed.
resource "compshare_instance_power" "copying" {
  instance_id      = "uhost-9c0d1e2f"
  without_gpu      = true
  without_gpu_spec = "A"
  stop_on_destroy  = true

  timeouts {
    create = "10m"
  }
}
