# Configuration of the demo, for the simulator or a real account: keeps the given instances running.

terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

# API keys and endpoint are read from the environment.
provider "compshare" {}

variable "instances" {
  description = "IDs of the instances to keep running."
  type        = set(string)
}

resource "compshare_instance_power" "this" {
  for_each    = var.instances
  instance_id = each.key
  state       = "Running"
}

output "states" {
  description = "State of each instance."
  value       = { for id, instance in compshare_instance_power.this : id => instance.state }
}
