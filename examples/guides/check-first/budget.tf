resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

check "budget" {
  data "compshare_instances" "running" {
    state      = "Running"
    depends_on = [compshare_instance_power.training]
  }

  assert {
    condition = sum(concat([0], [
      for instance in data.compshare_instances.running.instances : instance.price_cny
      if contains(["Postpay", "Dynamic"], instance.charge_type)
    ])) <= 5
    error_message = "The running instances cost more than 5 CNY per hour."
  }
}
