//! /etc/nsswitch.conf, as far as lent groups depend on it (nsswitch.conf(5),
//! nss-systemd(8)).

/// Which groups a user has is asked of these sources, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    database: &'static str,
    sources: Vec<Source>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    name: String,
    /// `STATUS=ACTION` in small letters, in the order in which they stand.
    actions: Vec<String>,
}

/// What the C library does without a line.
const WITHOUT_A_LINE: &str = "files";

impl Line {
    /// The line of `group`, or else what holds without one.
    pub(super) fn of_groups(text: &str) -> Self {
        let sources = words_after("group", text).unwrap_or(WITHOUT_A_LINE);
        Self { database: "group", sources: parsed(sources) }
    }

    /// The line that decides which groups a process gets: `initgroups`, where there
    /// is one.
    pub(super) fn of_memberships(text: &str) -> Self {
        match words_after("initgroups", text) {
            Some(sources) => Self { database: "initgroups", sources: parsed(sources) },
            None => Self::of_groups(text),
        }
    }

    /// Why systemd is not asked, if it is not; the end of a sentence.
    pub(super) fn hindrance(&self) -> Option<String> {
        let Some(place) = self.sources.iter().position(|source| source.name == "systemd") else {
            return Some(format!("{} does not name systemd", self.shown()));
        };
        let before = self.sources.iter().take(place);
        let stops = before.into_iter().find(|source| self.stops_at(source))?;
        Some(format!("{} may stop at {} before systemd", self.shown(), stops.name))
    }

    /// Whether who is lent a group is also listed with it.
    pub(super) fn lists_members(&self) -> bool {
        let before = self.sources.iter().take_while(|source| source.name != "systemd");
        before.into_iter().all(|source| source.action_on("success") == Some("merge"))
    }

    /// The line as it should be: with systemd behind the first source.
    pub(super) fn mended(&self) -> String {
        let mut others = self.sources.iter().filter(|source| source.name != "systemd");
        let first = others.next().map_or(WITHOUT_A_LINE, |source| source.name.as_str());
        let go_on = if self.database == "group" { "merge" } else { "continue" };
        let mut line = format!("{}: {first} [SUCCESS={go_on}] systemd", self.database);
        for source in others {
            line.push(' ');
            line.push_str(&source.shown());
        }
        line
    }

    fn shown(&self) -> String {
        let sources: Vec<String> = self.sources.iter().map(Source::shown).collect();
        format!("`{}: {}`", self.database, sources.join(" "))
    }

    /// A source is the last one after it found something only where there is a line
    /// for `initgroups`.
    fn stops_at(&self, source: &Source) -> bool {
        let found = match source.action_on("success") {
            None => self.database == "initgroups",
            Some(action) => self.database == "initgroups" && action == "return",
        };
        found || source.action_on("notfound") == Some("return")
    }
}

impl Source {
    fn action_on(&self, status: &str) -> Option<&str> {
        let actions = self.actions.iter().filter_map(|action| action.split_once('='));
        let holds = |named: &str| match named.strip_prefix('!') {
            Some(other) => other != status,
            None => named == status,
        };
        actions.filter(|(named, _)| holds(named)).map(|(_, action)| action).next_back()
    }

    fn shown(&self) -> String {
        if self.actions.is_empty() {
            return self.name.clone();
        }
        let actions: Vec<String> = self
            .actions
            .iter()
            .map(|action| match action.split_once('=') {
                Some((status, action)) => format!("{}={action}", status.to_uppercase()),
                None => action.clone(),
            })
            .collect();
        format!("{} [{}]", self.name, actions.join(" "))
    }
}

fn words_after<'a>(database: &str, text: &'a str) -> Option<&'a str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut databases = lines.filter_map(|line| line.split_once(':'));
    databases.find(|(name, _)| name.trim() == database).map(|(_, sources)| sources)
}

fn parsed(text: &str) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let spaced = text.replace('[', " [ ").replace(']', " ] ").to_lowercase();
    let mut in_brackets = false;
    for word in spaced.split_whitespace() {
        match word {
            "[" => in_brackets = true,
            "]" => in_brackets = false,
            action if in_brackets => {
                if let Some(source) = sources.last_mut() {
                    source.actions.push(action.to_owned());
                }
            }
            name => sources.push(Source { name: name.to_owned(), actions: Vec::new() }),
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_ask_systemd_are_taken_wherever_it_stands() {
        for line in [
            "group: files systemd",
            "group:\tfiles [SUCCESS=merge] systemd # comment",
            "group: systemd files",
            "group: compat [UNAVAIL=return] sss systemd",
            // The next source is asked for memberships also after one that has some.
            "group: files [SUCCESS=return] systemd",
            "initgroups: files [SUCCESS=continue] systemd\ngroup: files",
        ] {
            assert_eq!(Line::of_memberships(line).hindrance(), None, "{line}");
        }
    }

    #[test]
    fn lines_that_do_not_ask_it_come_with_the_line_to_write() {
        for (line, mended) in [
            ("", "group: files [SUCCESS=merge] systemd"),
            ("#group: files systemd", "group: files [SUCCESS=merge] systemd"),
            ("passwd: systemd\ngroup: files", "group: files [SUCCESS=merge] systemd"),
            (
                "group: compat sss [NOTFOUND=return] ldap",
                "group: compat [SUCCESS=merge] systemd sss [NOTFOUND=return] ldap",
            ),
            ("group: files [NOTFOUND=return] systemd", "group: files [SUCCESS=merge] systemd"),
            (
                "group: files [!UNAVAIL=return] systemd sss",
                "group: files [SUCCESS=merge] systemd sss",
            ),
            (
                "group: files systemd\ninitgroups: files systemd",
                "initgroups: files [SUCCESS=continue] systemd",
            ),
        ] {
            let found = Line::of_memberships(line);
            assert!(found.hindrance().is_some(), "{line}");
            assert_eq!(found.mended(), mended, "{line}");
            assert_eq!(Line::of_memberships(mended).hindrance(), None, "{mended}");
        }
    }

    #[test]
    fn lent_members_are_listed_where_what_is_found_is_merged() {
        for (line, lists) in [
            ("group: files [SUCCESS=merge] systemd", true),
            ("group: files [success=merge] sss [SUCCESS=merge] systemd", true),
            ("group: files systemd", false),
            ("group: files [SUCCESS=merge] sss systemd", false),
            ("group: systemd", true),
        ] {
            assert_eq!(Line::of_groups(line).lists_members(), lists, "{line}");
        }
    }
}
