//! Reads what was given (file and environment), lays the embedded default under it, and makes a checked [`Config`].

use super::{Beside, Config, check, facts};
use crate::seal::{InVault, Source};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The embedded default, as data: what a configuration of one's own would say, with facts of the program beside us.
const EMBEDDED: &str = include_str!("embedded.toml");

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("reading the configuration: {0}")]
    Read(Box<figment::Error>),
    #[error("reading the configuration: {0}")]
    Fact(String),
    #[error("the configuration needs a change: {}", .0.join(" "))]
    Wrong(Vec<String>),
}

/// Where the sealing keys are.
pub enum SealKey {
    /// To be read at once.
    Here(Source),
    /// To be opened once Azure can be reached.
    Vault(InVault),
}

/// What was given, before the facts of the program beside us are known.
#[derive(Clone)]
pub struct Given {
    figment: Figment,
    data: PathBuf,
}

fn wrong(error: figment::Error) -> ConfigError {
    ConfigError::Read(Box::new(error))
}

impl Given {
    /// `file` as the command line named it; otherwise `keystead.toml` in the current folder, where there is one.
    /// `environment` holds the variables, handed over by main, which alone reads them.
    pub fn read(file: Option<&Path>, environment: Env) -> Result<Given, ConfigError> {
        let own = match file {
            Some(file) => Figment::from(Toml::file_exact(file)),
            None if Path::new("keystead.toml").is_file() => Figment::from(Toml::file_exact("keystead.toml")),
            None => Figment::new(),
        };
        let own = own.merge(environment.map(|key| key.as_str().to_lowercase().into()).split("__"));
        let names_azure = own.find_value("azure.subscription_id").is_ok();
        let figment = match names_azure {
            true => own,
            false => Figment::from(Toml::string(EMBEDDED)).merge(own),
        };
        let data: PathBuf = figment.extract_inner("data").unwrap_or_else(|_| PathBuf::from("data"));
        let data = std::path::absolute(&data).unwrap_or(data);
        Ok(Given { figment, data })
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The program to start first, if the configuration names one.
    pub fn beside(&self) -> Result<Option<Beside>, ConfigError> {
        let command = self.words("azure.command")?;
        Ok((!command.is_empty()).then_some(Beside { command, stop: self.words("azure.stop")? }))
    }

    /// `sqlite:PATH` or `postgres://…`, needed by commands that start nothing.
    pub fn database(&self) -> Result<String, ConfigError> {
        let mut named = self.figment.extract_inner::<Value>("database").unwrap_or(Value::Null);
        facts::put_in(&mut named, &self.own_facts()).map_err(ConfigError::Fact)?;
        let file = || format!("sqlite:{}", self.data.join("keystead.db").display());
        Ok(named.as_str().map_or_else(file, str::to_owned))
    }

    /// The address of the database where the configuration names none, as `DATABASE_URL` of main's environment.
    pub fn or_database(mut self, url: &str) -> Given {
        self.figment = self.figment.join(Serialized::default("database", url));
        self
    }

    /// For how many days a token may be made.
    pub fn longest_days(&self) -> u32 {
        self.figment.extract_inner("tokens.longest_days").unwrap_or(super::Tokens::default().longest_days)
    }

    /// Where the keys that seal secrets are.
    pub fn seal_key(&self) -> Result<SealKey, ConfigError> {
        let text = self.figment.extract_inner::<SecretString>("seal_key_text").ok();
        let mut named = self.figment.extract_inner::<Value>("seal_key").unwrap_or(Value::Null);
        facts::put_in(&mut named, &self.own_facts()).map_err(ConfigError::Fact)?;
        let file = |path: PathBuf| SealKey::Here(Source::File(path));
        match (text, named) {
            (Some(text), Value::Null) => Ok(SealKey::Here(Source::Text(text))),
            (None, Value::Null) => Ok(file(self.data.join("seal.key"))),
            (None, Value::String(path)) => Ok(file(PathBuf::from(path))),
            (None, place) => serde_json::from_value(place).map(SealKey::Vault).map_err(|_| {
                let said = "seal_key is a file, or { vault_key = \"https://…/keys/NAME\", wrapped = FILE }.";
                ConfigError::Wrong(vec![said.to_owned()])
            }),
            (Some(_), _) => {
                let said = "seal_key says where the sealing keys are, seal_key_text holds them: one of both.";
                Err(ConfigError::Wrong(vec![said.to_owned()]))
            }
        }
    }

    fn words(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Ok(mut words) = self.figment.extract_inner::<Value>(key) else { return Ok(Vec::new()) };
        facts::put_in(&mut words, &self.own_facts()).map_err(ConfigError::Fact)?;
        serde_json::from_value(words)
            .map_err(|_| ConfigError::Wrong(vec![format!("{key} is a list: [\"PROGRAM\", \"ARGUMENT\"].")]))
    }

    /// The whole configuration, with the facts that `ready {…}` told (`null` where no program was started).
    pub fn with_facts(&self, told: &Value) -> Result<Config, ConfigError> {
        let mut facts = self.own_facts();
        if let (Some(facts), Some(told)) = (facts.as_object_mut(), told.as_object()) {
            told.iter().for_each(|(name, fact)| {
                facts.entry(name.clone()).or_insert_with(|| fact.clone());
            });
        }
        let mut whole: Value = self.figment.extract().map_err(wrong)?;
        whole["data"] = json!(self.data);
        facts::put_in(&mut whole, &facts).map_err(ConfigError::Fact)?;
        let config: Config = Figment::from(Serialized::defaults(whole)).extract().map_err(wrong)?;
        let wrong = check::sentences(&config);
        if wrong.is_empty() { Ok(config) } else { Err(ConfigError::Wrong(wrong)) }
    }

    fn own_facts(&self) -> Value {
        let own = std::env::current_exe().ok();
        let programs = own.as_ref().and_then(|own| own.parent()).unwrap_or(Path::new("."));
        json!({"data": self.data, "programs": programs})
    }
}
