resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
  state       = "Running"
}

locals {
  training = compshare_instance_power.training
}

output "ssh" {
  value = try("ssh -p ${local.training.ssh_port} ${local.training.ssh_user}@${local.training.ssh_host}", null)
}
