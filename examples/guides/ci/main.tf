variable "night" {
  description = "Stop the instance."
  type        = bool
  default     = false
}

resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
  state       = var.night ? "Stopped" : "Running"
}
