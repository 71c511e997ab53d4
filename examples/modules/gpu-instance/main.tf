# An instance with its power state. Copy this folder and adapt it.

terraform {
  required_providers {
    compshare = {
      source = "compshare/compshare"
    }
  }
}

variable "name" {
  description = "Name of the instance, unique in the project."
  type        = string
}

variable "zone" {
  description = "Zone of the instance."
  type        = string
  default     = "cn-wlcb-01"
}

variable "gpu" {
  description = "GPU model, and number of GPUs."
  type = object({
    type  = string
    count = number
  })
  default = {
    type  = "4090"
    count = 1
  }
}

variable "image_id" {
  description = "ID of the image."
  type        = string
  default     = "compshareImage-12rjyhwynazd"
}

variable "max_price_cny" {
  description = "Highest price in CNY per hour."
  type        = number
  default     = 5
}

variable "running" {
  description = "Run the instance. Otherwise it is kept stopped."
  type        = bool
  default     = true
}

resource "compshare_instance" "this" {
  name                      = var.name
  zone                      = var.zone
  gpu_type                  = var.gpu.type
  gpu_count                 = var.gpu.count
  image_id                  = var.image_id
  max_price_cny             = var.max_price_cny
  allow_stopping_for_update = true
  wait_for_capacity         = true
}

resource "compshare_instance_power" "this" {
  instance_id       = compshare_instance.this.id
  state             = var.running ? "Running" : "Stopped"
  wait_for_capacity = true
}

output "id" {
  description = "ID of the instance."
  value       = compshare_instance.this.id
}

output "ssh_host" {
  description = "Host name or IP address for SSH; null while the instance is stopped."
  value       = compshare_instance_power.this.ssh_host
}
