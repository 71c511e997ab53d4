variable "production_public_key" {
  type      = string
  ephemeral = true
}

variable "production_private_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

provider "compshare" {
  alias       = "production"
  public_key  = var.production_public_key
  private_key = var.production_private_key
}

resource "compshare_instance_power" "inference" {
  provider    = compshare.production
  instance_id = "uhost-5e6f7a8b"
}
