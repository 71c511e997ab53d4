terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

provider "compshare" {}

data "compshare_instances" "all" {}

output "instances" {
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => "${instance.name}: ${instance.state}"
  }
}
