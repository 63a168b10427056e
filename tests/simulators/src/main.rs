//! Starts all simulators for development; `bin/dev` calls it. It stops on SIGTERM, SIGINT and SIGHUP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use simulators::{SmtpSink, Stripe, StripeConfig, Virtfusion, VirtfusionConfig};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str =
    "Usage: simulators [--virtfusion ADDR] [--stripe ADDR] [--smtp ADDR] [--mail-web ADDR] [--virtfusion-token TOKEN] [--keep FOLDER]

With --keep the panel and the gateway remember over a restart. Every option may also come from the environment: SIMULATORS_VIRTFUSION, SIMULATORS_STRIPE, SIMULATORS_SMTP,
SIMULATORS_MAIL_WEB, SIMULATORS_VIRTFUSION_TOKEN, SIMULATORS_KEEP. The addresses default to 127.0.0.1:7001 to 127.0.0.1:7004.";

struct Places {
    virtfusion: SocketAddr,
    stripe: SocketAddr,
    smtp: SocketAddr,
    mail_web: SocketAddr,
    token: String,
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let places = match read(&arguments) {
        Ok(places) => places,
        Err(error) => {
            eprintln!("simulators: {error:#}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(places) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulators: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn read(arguments: &[String]) -> anyhow::Result<Places> {
    const FLAGS: [(&str, &str, &str); 6] = [
        ("--virtfusion", "SIMULATORS_VIRTFUSION", "127.0.0.1:7001"),
        ("--stripe", "SIMULATORS_STRIPE", "127.0.0.1:7002"),
        ("--smtp", "SIMULATORS_SMTP", "127.0.0.1:7003"),
        ("--mail-web", "SIMULATORS_MAIL_WEB", "127.0.0.1:7004"),
        ("--virtfusion-token", "SIMULATORS_VIRTFUSION_TOKEN", ""),
        ("--keep", "SIMULATORS_KEEP", ""),
    ];
    let mut values =
        FLAGS.map(|(_, variable, standard)| std::env::var(variable).unwrap_or_else(|_| standard.to_owned()));
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let place = FLAGS
            .iter()
            .position(|flag| flag.0 == name)
            .with_context(|| format!("unknown option {argument}"))?;
        values[place] = match inline {
            Some(value) => value,
            None => rest.next().with_context(|| format!("{name} needs a value"))?.clone(),
        };
    }
    let addr = |place: usize| -> anyhow::Result<SocketAddr> {
        let value: &String = &values[place];
        value
            .parse()
            .with_context(|| format!("{} is not an address: {value}", FLAGS[place].0))
    };
    Ok(Places {
        virtfusion: addr(0)?,
        stripe: addr(1)?,
        smtp: addr(2)?,
        mail_web: addr(3)?,
        token: values[4].clone(),
        keep: (!values[5].is_empty()).then(|| PathBuf::from(&values[5])),
    })
}

#[tokio::main]
async fn serve(places: Places) -> anyhow::Result<()> {
    let mut config = VirtfusionConfig::unhurried();
    if !places.token.is_empty() {
        config.token = places.token;
    }
    // The listeners for signals come first, so that none is missed while the ports open.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let panel = Virtfusion::start(places.virtfusion, config)
        .await
        .context("virtfusion")?;
    let gateway = Stripe::start(places.stripe, StripeConfig::default())
        .await
        .context("stripe")?;
    let mail = SmtpSink::start(places.smtp, places.mail_web).await.context("smtp")?;
    let memory = Memory {
        folder: places.keep,
        panel: panel.clone(),
        gateway: gateway.clone(),
    };
    memory.restore()?;
    println!("virtfusion {} token {}", panel.url(), panel.token());
    println!("stripe {}", gateway.url());
    println!("smtp {}", mail.addr());
    println!("mail {}", mail.url());
    println!("simulators ready");
    // Kept now and then too: not every stop can be announced.
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => break,
            () = tokio::time::sleep(Duration::from_secs(10)) => memory.save()?,
        }
    }
    memory.save()
}

/// Where the panel and the gateway keep what they know.
struct Memory {
    folder: Option<PathBuf>,
    panel: Virtfusion,
    gateway: Stripe,
}

impl Memory {
    fn restore(&self) -> anyhow::Result<()> {
        if let Some(folder) = &self.folder {
            self.panel
                .restore(&folder.join("virtfusion.json"))
                .context("virtfusion")?;
            self.gateway.restore(&folder.join("stripe.json")).context("stripe")?;
        }
        Ok(())
    }

    fn save(&self) -> anyhow::Result<()> {
        if let Some(folder) = &self.folder {
            self.panel.save(&folder.join("virtfusion.json")).context("virtfusion")?;
            self.gateway.save(&folder.join("stripe.json")).context("stripe")?;
        }
        Ok(())
    }
}
