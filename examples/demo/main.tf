# What the demo applies, to a simulated cloud or to the real one: these instances run.

terraform {
  required_providers {
    compshare = {
      source = "compshare/compshare"
    }
  }
}

# Keys and address come from the environment.
provider "compshare" {}

variable "instances" {
  description = "Ids of the instances that are to run."
  type        = set(string)
}

resource "compshare_instance_power" "this" {
  for_each    = var.instances
  instance_id = each.key
  state       = "Running"
}

output "states" {
  description = "The state of each instance."
  value       = { for id, instance in compshare_instance_power.this : id => instance.state }
}
