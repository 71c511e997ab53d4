resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
  state       = "Running"
}

output "ssh" {
  value = try(
    "ssh -p ${compshare_instance_power.training.ssh_port} ${compshare_instance_power.training.ssh_user}@${compshare_instance_power.training.ssh_host}",
    null,
  )
}
