variable "hourly_budget" {
  description = "Limit in CNY per hour."
  type        = number
}

locals {
  hourly_prices = [
    for instance in data.compshare_instances.all.instances : coalesce(instance.price_cny, 0)
    if instance.state != "Stopped" && instance.charge_type == "Postpay"
  ]
}

check "hourly_budget" {
  assert {
    condition     = sum(concat([0], local.hourly_prices)) <= var.hourly_budget
    error_message = "Pay-as-you-go instances cost ${sum(concat([0], local.hourly_prices))} CNY per hour."
  }
}
