variable "ssh_key" {
  description = "SSH public key, for example ssh-ed25519 AAAA…"
  type        = string
}

ephemeral "compshare_instance_login" "fleet" {
  for_each    = compshare_instance_power.fleet
  instance_id = each.value.id
}

resource "terraform_data" "ssh_key" {
  for_each         = compshare_instance_power.fleet
  triggers_replace = [each.value.id, var.ssh_key]

  connection {
    type     = "ssh"
    host     = ephemeral.compshare_instance_login.fleet[each.key].host
    port     = ephemeral.compshare_instance_login.fleet[each.key].port
    user     = ephemeral.compshare_instance_login.fleet[each.key].user
    password = ephemeral.compshare_instance_login.fleet[each.key].password
  }

  provisioner "remote-exec" {
    inline = [
      "umask 077 && mkdir -p ~/.ssh",
      "grep -qxF '${var.ssh_key}' ~/.ssh/authorized_keys || echo '${var.ssh_key}' >> ~/.ssh/authorized_keys",
    ]
  }
}
