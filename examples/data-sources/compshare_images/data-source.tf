# Platform images with PyTorch for VMs.
data "compshare_images" "pytorch" {
  kind       = "platform"
  name_regex = "^PyTorch"
  container  = false
}

output "images" {
  value = { for image in data.compshare_images.pytorch.images : image.image_id => image.name if image.status == "Available" }
}
