data "compshare_instances" "all" {}

output "may_be_billed" {
  description = "Yuan and charge type of what runs, or is paid for in another way than by the hour that it runs."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => "${instance.price_yuan} (${instance.charge_type})"
    if instance.state != "Stopped" || instance.charge_type != "Postpay"
  }
}

output "reclaimed_at" {
  description = "When the cloud takes back what stays stopped."
  value = {
    for instance in data.compshare_instances.all.instances :
    instance.instance_id => instance.reclaimed_at
    if instance.reclaimed_at != null
  }
}
