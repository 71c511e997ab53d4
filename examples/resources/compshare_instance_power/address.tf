output "public_ip" {
  value = compshare_instance_power.training.public_ip
}

# Writes an Ansible inventory after each start and each change of the address.
resource "terraform_data" "inventory" {
  triggers_replace = compshare_instance_power.training.public_ip

  provisioner "local-exec" {
    command = "echo ${self.triggers_replace} >inventory.ini"
  }
}
