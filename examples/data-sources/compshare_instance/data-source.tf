# By ID.
data "compshare_instance" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# By name, which has to be unique.
data "compshare_instance" "inference" {
  name = "推理"
}

output "training_address" {
  value = data.compshare_instance.training.public_ip
}

output "inference_price" {
  description = "Price in CNY per billing period (hour, day, month or year)."
  value       = data.compshare_instance.inference.price_cny
}
