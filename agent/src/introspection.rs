//! `org.varlink.service`: what lets `varlinkctl info` and `introspect` work.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use writ_protocol::{ErrorReply, INTERFACE, INTERFACE_NAME};

use crate::stream::{Follows, FrameStream, StreamError};

/// The service's own interface (varlink.org, "Service").
pub(crate) const SERVICE_INTERFACE: &str = "interface org.varlink.service

method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
";

#[derive(Serialize)]
struct Info {
    vendor: &'static str,
    product: &'static str,
    version: &'static str,
    url: &'static str,
    interfaces: [&'static str; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    interface: String,
}

#[derive(Serialize)]
struct Description {
    description: &'static str,
}

/// Answers a call of the service interface.
///
/// # Errors
/// When the peer is gone.
pub(crate) async fn call(
    stream: &mut FrameStream,
    method: &str,
    parameters: Option<&RawValue>,
) -> Result<(), StreamError> {
    match method {
        "org.varlink.service.GetInfo" => {
            let info = Info {
                vendor: "Writ",
                product: "writd",
                version: env!("CARGO_PKG_VERSION"),
                url: "",
                interfaces: ["org.varlink.service", INTERFACE_NAME],
            };
            stream.reply(&info, Follows::Nothing).await
        }
        "org.varlink.service.GetInterfaceDescription" => {
            match described(parameters.map_or("{}", RawValue::get)) {
                Ok(description) => {
                    stream.reply(&Description { description }, Follows::Nothing).await
                }
                Err(error) => stream.refuse(&error).await,
            }
        }
        _ => stream.refuse(&ErrorReply::MethodNotFound { method: method.to_owned() }).await,
    }
}

fn described(parameters: &str) -> Result<&'static str, ErrorReply> {
    let wanted: Result<Wanted, _> = serde_json::from_str(parameters);
    match wanted.as_ref().map(|wanted| wanted.interface.as_str()) {
        Ok("org.varlink.service") => Ok(SERVICE_INTERFACE),
        Ok(INTERFACE_NAME) => Ok(INTERFACE),
        _ => Err(ErrorReply::InvalidParameter { parameter: "interface".to_owned() }),
    }
}
