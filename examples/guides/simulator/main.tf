resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}
