data "compshare_instances" "all" {}

output "may_be_billed" {
  description = "Price in CNY and charge type of instances that are running or prepaid."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => "${instance.price_yuan} (${instance.charge_type})"
    if instance.state != "Stopped" || instance.charge_type != "Postpay"
  }
}

output "reclaimed_at" {
  description = "Time at which CompShare deletes a stopped instance."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => instance.reclaimed_at
    if instance.reclaimed_at != null
  }
}
