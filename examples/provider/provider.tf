terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

# API keys are read from COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY, or from the configuration file of the official CLI.
provider "compshare" {}

# Keeps this instance running: the apply starts it, and the next apply starts it again if it was stopped elsewhere.
resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

output "public_ip" {
  value = compshare_instance_power.training.public_ip
}
