//! Reads the file of `serve --config`: what else could only be said by options and control routes, written down once.
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::StartError;
use crate::faults::random::{Plan, Random};
use crate::faults::{Fault, catalogue};
use crate::settings::Settings;
use crate::world::World;

/// The file as it is written (TOML); an option on the command line goes before the entry of the same name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many times shorter than Azure's the waits are.
    pub speed: Option<f64>,
    /// The proxy's port.
    pub port_base: Option<u16>,
    /// Whether names that are not simulated are passed on to the world outside.
    pub pass_through: bool,
    /// The programs that stand for container images, by name; a path is meant from the folder of the file.
    pub images: BTreeMap<String, String>,
    /// Entries of [`Settings`]; those that are not named stay as they were left.
    settings: Map<String, Value>,
    /// What waits to go wrong from the start, each as `POST /faults` takes it.
    faults: Option<Vec<Value>>,
    /// What is made up, as `POST /faults/random` takes it.
    random: Option<Plan>,
}

impl Config {
    /// Reads and checks all of it, so that nothing of it is refused later.
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let failed = |why: String| StartError::new(format!("reading {}", path.display()), why);
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        Settings::default().with(&json!(config.settings)).map_err(|why| failed(format!("[settings] {why}")))?;
        config.faults_meant().map_err(failed)?;
        if let Some(plan) = &config.random {
            Random::new(plan.clone()).map_err(|why| failed(format!("[random] {why}")))?;
        }
        let folder = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
        let folder = folder.parent().unwrap_or(&folder);
        for program in config.images.values_mut() {
            *program = folder.join(&*program).display().to_string();
        }
        Ok(config)
    }

    fn faults_meant(&self) -> Result<Option<Vec<Fault>>, String> {
        let Some(faults) = &self.faults else { return Ok(None) };
        let each = faults.iter().enumerate();
        let meant = each
            .map(|(at, fault)| catalogue::meant(fault).map_err(|why| format!("[[faults]] number {}: {why}", at + 1)));
        meant.collect::<Result<_, _>>().map(Some)
    }

    /// Makes the world so. Faults of the file take the place of those that still waited.
    pub(crate) async fn apply(&self, world: &World) -> Result<(), StartError> {
        let failed = |why: String| StartError::new("applying the configuration", why);
        world.pass_through(self.pass_through);
        if !self.settings.is_empty() {
            let settings = world.state.read(Settings::read).with(&json!(self.settings)).map_err(failed)?;
            settings.keep(world).await.map_err(|error| failed(error.to_string()))?;
        }
        if let Some(faults) = self.faults_meant().map_err(failed)? {
            world.faults.clear();
            faults.into_iter().for_each(|fault| world.faults.add(fault));
        }
        if let Some(plan) = &self.random {
            world.faults.set_random(Some(Random::new(plan.clone()).map_err(failed)?));
        }
        world.faults.keep(world).await.map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn whatever_would_be_refused_later_is_refused_when_it_is_read() {
        for (text, part) in [
            ("sped = 3", "unknown field `sped`"),
            ("speed = \"fast\"", "expected f64"),
            ("[settings]\npage_sise = 3", "[settings] unknown field `page_sise`"),
            ("[settings]\nsubscription = \"Gone\"", "[settings] unknown variant `Gone`"),
            (
                "[[faults]]\nnamed = \"vault-throttled\"\n[[faults]]\nnamed = \"none\"",
                "[[faults]] number 2: there is no fault named none",
            ),
            ("[random]\nseed = 1\nrate = 2.0", "[random] the rate 2 is not between 0 and 1"),
        ] {
            let why = read(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn a_program_is_meant_from_the_folder_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("simulator.toml");
        std::fs::write(&file, "[images]\necho = \"bin/echo\"\npause = \"/usr/bin/true\"").unwrap();
        let images = Config::read(&file).unwrap().images;
        assert_eq!(images["echo"], folder.path().join("bin/echo").display().to_string());
        assert_eq!(images["pause"], "/usr/bin/true");
    }
}
