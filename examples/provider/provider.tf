terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

# API keys: COMPSHARE_PUBLIC_KEY and COMPSHARE_PRIVATE_KEY, or the file that `compshare config` writes.
# Create them at https://console.compshare.cn/uaccount/api_manage
provider "compshare" {}

# Keeps this instance running: the apply starts it, and the next apply starts it again if it was stopped elsewhere.
resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

output "public_ip" {
  value = compshare_instance_power.training.public_ip
}
