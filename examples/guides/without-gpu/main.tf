variable "with_gpu" {
  type    = bool
  default = false
}

resource "compshare_instance_power" "training" {
  instance_id               = "uhost-1a2b3c4d"
  without_gpu               = !var.with_gpu
  without_gpu_spec          = var.with_gpu ? null : "B"
  allow_stopping_for_update = true
}

output "gpus" {
  value = compshare_instance_power.training.gpu_count
}
