//! The schema in `docs/policy.schema.json` against the reader: the same keys, the same
//! words, the same that must be there, and values that are taken and refused alike.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::read;

const SCHEMA: &str = include_str!("../../../docs/policy.schema.json");

/// A table of the files: its place in the schema, the file it stands in, and what must
/// stand there so that a key of it can be tried. `KEY` is where the key goes.
struct Table {
    definition: &'static str,
    file: &'static str,
    around: &'static str,
    /// Keys that are there already, each a line of `around`.
    given: &'static [&'static str],
}

const TABLES: &[Table] = &[
    Table {
        definition: "host",
        file: "writ.toml",
        around: "KEY\n[ask]\nfrom = [\"bob\"]",
        given: &["ask"],
    },
    Table { definition: "ask", file: "writ.toml", around: "[ask]\nKEY", given: &[] },
    Table {
        definition: "seats",
        file: "writ.toml",
        around: "[[ask.all_of]]\nKEY\nfrom = [\"bob\"]",
        given: &["from"],
    },
    Table {
        definition: "escalation",
        file: "writ.toml",
        around: "[[ask.escalate]]\nKEY\nafter = \"90s\"\nfrom = [\"bob\"]",
        given: &["after", "from"],
    },
    Table {
        definition: "noninteractive",
        file: "writ.toml",
        around: "[noninteractive]\nKEY",
        given: &[],
    },
    Table { definition: "sessions", file: "writ.toml", around: "[sessions]\nKEY", given: &[] },
    Table {
        definition: "break_glass",
        file: "writ.toml",
        around: "[break_glass]\nKEY\nfrom = []",
        given: &["from"],
    },
    Table { definition: "audit", file: "writ.toml", around: "[audit]\nKEY", given: &[] },
    Table {
        definition: "hub",
        file: "writ.toml",
        around: "[hub]\nKEY\nurl = \"https://hub.example.com\"",
        given: &["url"],
    },
    Table {
        definition: "role",
        file: "roles.d/a.toml",
        around: "[role.a]\nKEY\nmembers = [\"alice\"]\nask = { from = [\"bob\"] }",
        given: &["members", "ask"],
    },
    Table {
        definition: "rule",
        file: "roles.d/a.toml",
        around: "[role.a]\nmembers = [\"alice\"]\nask = { from = [\"bob\"] }\n[[role.a.rule]]\nKEY\ncommands = [\"/bin/a\"]\ndecision = \"ask\"\nrun_as = [\"root\"]",
        given: &["commands", "decision", "run_as"],
    },
    Table {
        definition: "approver",
        file: "approvers.d/a.toml",
        around: "[approver.carol]\nunix_user = \"carol\"\n[approver.a]\nKEY\nunix_user = \"bob\"",
        given: &["unix_user"],
    },
    Table {
        definition: "away",
        file: "approvers.d/a.toml",
        around: "[approver.carol]\nunix_user = \"carol\"\n[approver.a]\nunix_user = \"bob\"\n[approver.a.away]\nKEY\nuntil = \"2026-12-24\"\nto = \"carol\"",
        given: &["until", "to"],
    },
    Table {
        definition: "on_call",
        file: "approvers.d/a.toml",
        around: "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n[on_call.oncall]\nKEY\nrotation = [\"bob\"]\nsince = \"2026-11-30 09:00\"",
        given: &["rotation", "since"],
    },
    Table {
        definition: "shift",
        file: "approvers.d/a.toml",
        around: "[approver.bob]\nunix_user = \"bob\"\nteams = [\"oncall\"]\n[[on_call.oncall.shifts]]\nKEY\nfrom = \"2026-12-24 09:00\"\nuntil = \"2026-12-27 09:00\"\nwho = [\"bob\"]",
        given: &["from", "until", "who"],
    },
];

impl Table {
    /// What the reader says of the table with this line in it; nothing where it is taken.
    fn read(&self, line: &str) -> Option<String> {
        let key = line.split(' ').next().unwrap_or_default();
        // The one goes in the place of the other.
        let key = if key == "services" { "commands" } else { key };
        let mut text = self.around.to_owned();
        if self.given.contains(&key) {
            // The line that is there gives way to this one; of rules, the last such line.
            let (head, tail) = self.around.split_once("KEY").unwrap();
            let start = format!("{key} = ");
            let tail: Vec<&str> = tail.lines().filter(|line| !line.starts_with(&start)).collect();
            let tail = tail.join("\n").replace(&format!("[{key}]\nfrom = [\"bob\"]"), "");
            text = format!("{head}KEY{tail}");
        }
        let text = text.replace("KEY", line);
        read(&[(self.file, &text)]).err().map(|refusal| refusal.to_string())
    }

    fn schema<'s>(&self, schema: &'s Value) -> &'s Value {
        &schema["$defs"][self.definition]
    }

    fn keys(&self, schema: &Value) -> BTreeSet<String> {
        let properties = self.schema(schema)["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    }
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// A value of JSON as TOML has it.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key} = {}", toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// The words in backquotes behind `start`.
fn listed(told: &str, start: &str) -> BTreeSet<String> {
    let (_, list) = told.split_once(start).unwrap_or_else(|| panic!("{told}"));
    let list = list.lines().next().unwrap();
    list.split(", ").map(|word| word.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_schema_has_the_keys_of_the_reader_and_no_others() {
    let schema = schema();
    for table in TABLES {
        let told = table.read("zzzzzzzzzzzz = 1").expect("the key is unknown");
        let known = listed(&told, "the keys here are ");
        assert_eq!(table.keys(&schema), known, "{}", table.definition);
        assert_eq!(table.schema(&schema)["additionalProperties"], false);
    }
    let tables: BTreeSet<&str> = TABLES.iter().map(|table| table.definition).collect();
    let whole_files = ["roles", "approvers"];
    for definition in schema["$defs"].as_object().unwrap().keys() {
        let walked = tables.contains(definition.as_str());
        assert!(walked || whole_files.contains(&definition.as_str()), "{definition} is not walked");
    }
}

#[test]
fn the_examples_of_every_key_are_taken() {
    let schema = schema();
    for table in TABLES {
        for (key, property) in table.schema(&schema)["properties"].as_object().unwrap() {
            let examples = property["examples"].as_array();
            let examples = examples.unwrap_or_else(|| panic!("{key} has no example"));
            assert!(property["description"].is_string(), "{key} has no description");
            for example in examples {
                // TOML has dates, which are not in quotes.
                let value = match &property["format"] {
                    Value::String(format) if format == "date" => {
                        example.as_str().unwrap().to_owned()
                    }
                    _ => toml(example),
                };
                let line = format!("{key} = {value}");
                assert_eq!(table.read(&line), None, "{}: {line}", table.definition);
            }
        }
    }
}

#[test]
fn the_words_of_a_key_are_those_of_the_reader() {
    let (schema, mut walked) = (schema(), 0);
    for table in TABLES {
        for (key, property) in table.schema(&schema)["properties"].as_object().unwrap() {
            let told = table.read(&format!("{key} = \"zzzzzzzzzzzz\""));
            let words = told.as_ref().filter(|told| told.contains("; it can be "));
            let Some(told) = words else {
                assert!(
                    property["enum"].is_null(),
                    "{key} takes more than the words of the schema"
                );
                continue;
            };
            let said = property["enum"].as_array().unwrap_or_else(|| panic!("{key} has no words"));
            let said = said.iter().map(|word| word.as_str().unwrap().to_owned());
            assert_eq!(said.collect::<BTreeSet<_>>(), listed(told, "; it can be "), "{key}");
            walked += 1;
        }
    }
    assert!(walked >= 5, "only {walked} keys with words were found");
}

#[test]
fn what_the_schema_does_not_take_is_refused() {
    let schema = schema();
    let values = [
        ("string", "\"\\u0001\""),
        ("integer", "0"),
        ("boolean", "true"),
        ("array", "[1]"),
        ("object", "{ zz = 1 }"),
    ];
    for table in TABLES {
        for (key, property) in table.schema(&schema)["properties"].as_object().unwrap() {
            let kind = &property["type"];
            for (other, value) in values {
                let is_of = kind == other
                    || kind.as_array().is_some_and(|kinds| kinds.contains(&other.into()));
                // A value of the kind is one that the reader refuses for what is in it.
                if is_of && other == "boolean" {
                    continue;
                }
                let told = table.read(&format!("{key} = {value}"));
                let free_text =
                    ["description", "ticket"].contains(&key.as_str()) && other == "string";
                assert!(
                    told.is_some() || free_text,
                    "{}: {key} = {value} is taken",
                    table.definition
                );
            }
        }
    }
}

#[test]
fn what_must_be_there_is_the_same() {
    let schema = schema();
    for table in TABLES {
        let required = table.schema(&schema)["required"].as_array().cloned().unwrap_or_default();
        for key in table.keys(&schema) {
            let start = format!("{key} = ");
            if !table.given.contains(&key.as_str()) || table.definition == "approver" {
                continue;
            }
            let without: Vec<&str> =
                table.around.lines().filter(|line| !line.starts_with(&start)).collect();
            let text = without.join("\n").replace("KEY", "");
            let told = read(&[(table.file, &text)]).err().map(|refusal| refusal.to_string());
            let missing = told.is_some_and(|told| told.contains(&format!("has no `{key}`")));
            let of_several = &table.schema(&schema)["oneOf"][0]["required"][0];
            let wanted = required.contains(&key.as_str().into()) || *of_several == key.as_str();
            assert_eq!(missing, wanted, "{key}");
        }
    }
}
