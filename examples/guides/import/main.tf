resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

resource "compshare_instance_power" "spare" {
  instance_id = "uhost-5e6f7a8b"
  state       = "Stopped"
}
