resource "compshare_instance" "training" {
  name          = "training"
  zone          = "cn-wlcb-01"
  gpu_type      = "4090"
  gpu_count     = 2
  image_id      = "compshareImage-12rjyhwynazd"
  boot_disk_gb  = 200
  max_price_cny = 5

  # Only needed while the instance is running.
  allow_stopping_for_update = true
}
