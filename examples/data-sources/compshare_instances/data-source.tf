# Every instance with this tag, however many there are, runs.
data "compshare_instances" "training" {
  tag = "training"
}

resource "compshare_instance_power" "training" {
  for_each    = toset(data.compshare_instances.training.ids)
  instance_id = each.key
}

# What is stopped, and when the cloud takes it back for good.
data "compshare_instances" "stopped" {
  state = "Stopped"
}

output "reclaimed_at" {
  value = { for instance in data.compshare_instances.stopped.instances : instance.instance_id => instance.reclaimed_at }
}
