data "compshare_instances" "fleet" {
  tag = "training"

  lifecycle {
    postcondition {
      condition     = length(self.ids) > 0
      error_message = "No instance has the tag \"training\"."
    }
  }
}

resource "compshare_instance_power" "fleet" {
  for_each    = toset(data.compshare_instances.fleet.ids)
  instance_id = each.key
}

output "states" {
  value = { for id, instance in compshare_instance_power.fleet : id => instance.state }
}
