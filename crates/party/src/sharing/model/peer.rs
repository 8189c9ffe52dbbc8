//! The other side, as the sharer reads of it.

/// Who sees and helps, or is shown something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    name: String,
    first: String,
    organisation: String,
}

impl Peer {
    /// Somebody with a name. It and the organisation come from a verified certificate and from nowhere else.
    #[must_use]
    pub fn named(name: impl Into<String>, organisation: impl Into<String>) -> Self {
        let name = name.into();
        Self { first: name.clone(), name, organisation: organisation.into() }
    }

    /// Somebody whose name nobody vouches for, in words as they stand within a sentence: "the customer".
    #[must_use]
    pub fn described(words: impl Into<String>) -> Self {
        let name = words.into();
        let mut letters = name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        Self { name, first, organisation: String::new() }
    }

    /// To stand within a sentence.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// To stand first in a sentence, or alone.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The organisation that vouches for the name, if one does.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        Some(self.organisation.as_str()).filter(|organisation| !organisation.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_as_it_is_and_a_description_begins_a_sentence() {
        let named = Peer::named("van Dyck", "Example Help");
        assert_eq!((named.name(), named.first()), ("van Dyck", "van Dyck"));
        assert_eq!(named.organisation(), Some("Example Help"));
        let described = Peer::described("the customer");
        assert_eq!((described.name(), described.first()), ("the customer", "The customer"));
        assert_eq!(described.organisation(), None);
    }
}
