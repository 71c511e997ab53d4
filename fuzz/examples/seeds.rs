//! Writes the seeds of each target to `corpus/<target>` in the current directory.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    for target in terraform_provider_compshare_fuzz::TARGETS {
        let folder = Path::new("corpus").join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
