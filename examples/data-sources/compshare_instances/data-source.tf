# Keeps all instances with this tag running.
data "compshare_instances" "training" {
  tag = "training"
}

resource "compshare_instance_power" "training" {
  for_each    = toset(data.compshare_instances.training.ids)
  instance_id = each.key
}

# Lists stopped instances and the time at which CompShare deletes them.
data "compshare_instances" "stopped" {
  state = "Stopped"
}

output "reclaim_at" {
  value = { for instance in data.compshare_instances.stopped.instances : instance.instance_id => instance.reclaim_at }
}
