terraform {
  required_providers {
    compshare = {
      source  = "compshare/compshare"
      version = "~> 0.1"
    }
  }
}

provider "compshare" {
  profile = "research"
}

provider "compshare" {
  alias   = "production"
  profile = "production"
}

# Another project of the research account.
provider "compshare" {
  alias      = "team"
  profile    = "research"
  project_id = "org-team"
}

resource "compshare_instance_power" "training" {
  instance_id = "uhost-1a2b3c4d"
}

resource "compshare_instance_power" "inference" {
  provider    = compshare.production
  instance_id = "uhost-5e6f7a8b"
}

resource "compshare_instance_power" "shared" {
  provider    = compshare.team
  instance_id = "uhost-9c0d1e2f"
}
