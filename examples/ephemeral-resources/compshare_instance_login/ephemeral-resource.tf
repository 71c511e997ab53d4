resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# Refers to the resource, so that Terraform reads the login details after the start.
ephemeral "compshare_instance_login" "training" {
  instance_id = compshare_instance_power.training.id
}

# Runs nvidia-smi after every start. The login details are not stored.
resource "terraform_data" "check_gpu" {
  triggers_replace = compshare_instance_power.training.started_at

  connection {
    type     = "ssh"
    host     = ephemeral.compshare_instance_login.training.host
    port     = ephemeral.compshare_instance_login.training.port
    user     = ephemeral.compshare_instance_login.training.user
    password = ephemeral.compshare_instance_login.training.password
  }

  provisioner "remote-exec" {
    inline = ["nvidia-smi"]
  }
}
