terraform {
  backend "s3" {
    bucket       = "terraform-state"
    key          = "gpu/terraform.tfstate"
    use_lockfile = true

    # An S3-compatible store instead of AWS.
    endpoints                   = { s3 = "https://s3.example.com" }
    region                      = "main"
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }
}
