# Legal sizes of the 4090 in one zone.
data "compshare_instance_types" "training" {
  zone     = "cn-wlcb-01"
  gpu_type = "4090"
}

output "sizes" {
  value = data.compshare_instance_types.training.instance_types[*].sizes
}
