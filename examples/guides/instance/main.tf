resource "compshare_instance" "training" {
  name          = "training"
  zone          = "cn-wlcb-01"
  gpu_type      = "4090"
  image_id      = "compshareImage-12rjyhwynazd"
  max_price_cny = 2.5
}

output "ssh" {
  value = "ssh -p ${compshare_instance.training.ssh_port} ${compshare_instance.training.ssh_user}@${compshare_instance.training.ssh_host}"
}
