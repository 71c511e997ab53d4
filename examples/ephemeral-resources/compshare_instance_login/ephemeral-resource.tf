resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

# By way of the resource: it is opened again once the instance runs, with what is known then.
ephemeral "compshare_instance_login" "training" {
  instance_id = compshare_instance_power.training.id
}

# After each start, a look at the GPU. Nothing of the login is stored.
resource "terraform_data" "look" {
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
