resource "compshare_instance" "training" {
  name     = "training"
  zone     = "cn-wlcb-01"
  gpu_type = "4090"
  image_id = "compshareImage-demo"

  deletion_protection = true
}
