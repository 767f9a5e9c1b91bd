use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::PartSpec;

/// Initializers by name or pattern of the parameters, in the order of the description.
#[derive(Debug, Clone, Default)]
pub struct InitSpec(Vec<(String, PartSpec)>);

impl InitSpec {
    pub fn entries(&self) -> impl Iterator<Item = (&str, &PartSpec)> {
        self.0.iter().map(|(pattern, part)| (pattern.as_str(), part))
    }
}

impl<'de> Deserialize<'de> for InitSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// JSON objects are ordered in the text; a map would forget the order.
        struct Ordered;

        impl<'de> Visitor<'de> for Ordered {
            type Value = InitSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of initializers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InitSpec, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(InitSpec(entries))
            }
        }

        deserializer.deserialize_map(Ordered)
    }
}
