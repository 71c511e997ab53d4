data "compshare_instances" "all" {}

output "may_be_billed" {
  description = "Price in CNY and charge type of instances that are running or prepaid."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => "${instance.price_cny} (${instance.charge_type})"
    if instance.state != "Stopped" || instance.charge_type != "Postpay"
  }
}

output "reclaim_at" {
  description = "Time at which CompShare deletes a stopped instance."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => instance.reclaim_at
    if instance.reclaim_at != null
  }
}
