//! Mail over SMTP: one message a telling, under an id that stays the same however often it is sent.

use super::Delivery;
use crate::config::{Mail, MailTls};
use crate::store::notice::telling::Due;
use domain::Moment;
use domain::notice::Letter;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as Protected, TlsParameters};
use lettre::transport::smtp::{Error, response::Code};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// From the first byte to the server's last word.
const LONGEST: Duration = Duration::from_secs(30);
/// Until the server takes the connection.
const CONNECT: Duration = Duration::from_secs(10);

pub(super) struct Mailer {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mailer {
    /// The error is a sentence for whoever starts the server.
    pub(super) fn new(mail: &Mail) -> Result<Mailer, String> {
        let mailbox = |key: &str, text: &str| {
            text.parse::<Mailbox>().map_err(|_| format!("mail.{key} is an address, not `{text}`"))
        };
        let (host, port) = mail.place().ok_or("mail.server is no host with a port")?;
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host).port(port);
        transport = transport.timeout(Some(CONNECT)).tls(protected(mail, host)?);
        if let Some(user) = &mail.user {
            let password = password(mail)?.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Mailer {
            from: mailbox("from", &mail.from)?,
            reply_to: mail.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?,
            transport: transport.build(),
        })
    }

    pub(super) async fn send(&self, due: &Due, letter: Letter) -> Delivery {
        let message = match self.message(due, letter) {
            Ok(message) => message,
            Err(why) => return Delivery::Never(why),
        };
        match tokio::time::timeout(LONGEST, self.transport.send(message)).await {
            Ok(Ok(_)) => Delivery::Sent,
            Ok(Err(error)) => refusal(&error),
            Err(_) => Delivery::Unreachable("The mail server took too long.".to_owned()),
        }
    }

    fn message(&self, due: &Due, letter: Letter) -> Result<Message, String> {
        let address = &due.to.address;
        let to: Mailbox = address.parse().map_err(|_| format!("{address} is no address for mail."))?;
        let id = format!("<{}@{}>", due.id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted"); // nobody's absence answers it (RFC 3834)
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject)
            .message_id(Some(id))
            .date(time(due.at))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        message.body(letter.text).map_err(|error| format!("The mail could not be written: {error}."))
    }
}

fn time(at: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(at.0.max(0).unsigned_abs())
}

fn protected(mail: &Mail, host: String) -> Result<Protected, String> {
    if mail.tls == MailTls::None {
        return Ok(Protected::None);
    }
    let mut parameters = TlsParameters::builder(host);
    if let Some(path) = &mail.extra_ca {
        let unread = |error: &dyn std::fmt::Display| format!("reading mail.extra_ca {}: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unread(&error))?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unread(&error))?);
    }
    let parameters = parameters.build_rustls().map_err(|error| format!("preparing TLS for mail: {error}"))?;
    Ok(match mail.tls {
        MailTls::Implicit => Protected::Wrapper(parameters),
        MailTls::Starttls | MailTls::None => Protected::Required(parameters),
    })
}

fn password(mail: &Mail) -> Result<SecretString, String> {
    match (&mail.password, &mail.password_file) {
        (Some(password), _) => Ok(password.clone()),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| format!("reading mail.password_file {}: {error}", path.display()))?;
            Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
        }
        (None, None) => Err("mail.user comes with mail.password or mail.password_file".to_owned()),
    }
}

/// A server that refuses us (530, 534, 535, 538) refuses no message: somebody mends the configuration meanwhile.
fn refusal(error: &Error) -> Delivery {
    let said = said(error);
    let number = error.status().map(|code: Code| code.to_string()).unwrap_or_default();
    match number.as_str() {
        "530" | "534" | "535" | "538" | "421" => Delivery::Unreachable(said),
        _ if error.is_permanent() => Delivery::Never(said),
        _ if error.is_transient() => Delivery::Later(said),
        _ => Delivery::Unreachable(said),
    }
}

/// For people: what the server answered, or what stood before it.
fn said(error: &Error) -> String {
    let words = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    match error.status() {
        Some(code) => format!("The mail server answered {code}: {words}"),
        None => format!("The mail server was not reached: {words}"),
    }
}
