resource "compshare_instance_power" "training" {
  instance_id = compshare_instance.training.id
  state       = "Stopped"
}
