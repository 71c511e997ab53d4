resource "compshare_instance_power" "fleet" {
  for_each    = toset(["uhost-1a2b3c4d", "uhost-5e6f7a8b"])
  instance_id = each.key
}

output "inventory" {
  value = yamlencode({
    gpu = {
      hosts = {
        for id, instance in compshare_instance_power.fleet : id => {
          ansible_host = instance.ssh_host
          ansible_port = instance.ssh_port
          ansible_user = instance.ssh_user
        }
      }
    }
  })
}
