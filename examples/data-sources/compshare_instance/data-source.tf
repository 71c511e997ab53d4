# By its id.
data "compshare_instance" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# By its name, which has to be that of one instance only.
data "compshare_instance" "inference" {
  name = "推理"
}

output "training_address" {
  value = data.compshare_instance.training.public_ip
}

output "inference_price" {
  description = "In yuan, for one unit of what it is paid by."
  value       = data.compshare_instance.inference.price_yuan
}
