//! `[audit]` and `[hub]` of `writ.toml`.

use crate::findings::Findings;
use crate::problem::Problem;
use crate::remote::{self, ADDRESS_BYTES_MAX, Audit, COLLECTORS_MAX, Collector, Hub, PINS_MAX};
use crate::value::{List, Value};

/// An example of a line that must be there.
const URL: &str = "url = \"https://hub.example.com\"";

pub(super) fn audit(value: &Value<'_>, found: &mut Findings) -> Audit {
    let Some(mut section) = value.table("[audit]".into(), found) else {
        return Audit::default();
    };
    let collectors = section.take("collectors").map(|value| {
        let list = value.list(found, |text| {
            Collector::parse(text).map_err(|why| Problem::Address { text: text.to_owned(), why })
        });
        at_most(list, COLLECTORS_MAX, found)
    });
    let ca = section.take("ca").and_then(|value| file(&value, found));
    section.finish(found);
    Audit { collectors: collectors.unwrap_or_default(), ca }
}

pub(super) fn hub(value: &Value<'_>, found: &mut Findings) -> Option<Hub> {
    let mut section = value.table("[hub]".into(), found)?;
    let url = section.require("url", URL).and_then(|value| {
        value.text(found, |text| {
            remote::hub_origin(text).map_err(|why| Problem::Address { text: text.to_owned(), why })
        })
    });
    let proxy = section.take("proxy").and_then(|value| {
        value.text(found, |text| {
            remote::proxy(text).map_err(|why| Problem::Address { text: text.to_owned(), why })
        })
    });
    let ca = section.take("ca").and_then(|value| file(&value, found));
    let pins = section.take("pins").map(|value| {
        let list = value
            .some(found, |text| remote::pin(text).ok_or_else(|| Problem::Pin(text.to_owned())));
        at_most(list, PINS_MAX, found)
    });
    section.finish(found);
    Some(Hub {
        url: url?.value,
        proxy: proxy.map(|proxy| proxy.value),
        ca,
        pins: pins.unwrap_or_default(),
    })
}

fn at_most<T>(list: List<T>, most: usize, found: &mut Findings) -> Vec<T> {
    if list.items.len() > most {
        found.note(&list.place, Problem::LongList { most });
    }
    list.items.into_iter().map(|item| item.value).collect()
}

/// A file by its whole path. It is not looked at here: who reads it is the courier.
fn file(value: &Value<'_>, found: &mut Findings) -> Option<String> {
    let file = value.text(found, |path| {
        let is_path = path.starts_with('/')
            && path.len() <= ADDRESS_BYTES_MAX
            && !path.chars().any(char::is_control);
        is_path.then(|| path.to_owned()).ok_or_else(|| Problem::Path(path.to_owned()))
    });
    file.map(|file| file.value)
}
