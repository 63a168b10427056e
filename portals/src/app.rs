//! The composition root: everything a handler, job or command may need, built once.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::FromRef;
use billing::BillingError;
use billing::gateway::GatewayKinds;
use platform::clock::Clock;
use platform::config::Config;
use platform::event::Subscriptions;
use platform::mail::Mailer;
use platform::outbound::Outbound;
use platform::texts::Texts;
use platform::views::{Page, Views};
use provisioning::PanelKinds;
use provisioning::operation::Workshop;
use tenancy::{Portal, Tenancy, Tenant};

use crate::live::hub::Hub;
use crate::look::Sheets;

/// Everything. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>, Hub);

/// What an [`App`] is made of; tests hand in their own.
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// The doors.
    pub tenancy: Tenancy,
    /// Gateways.
    pub gateways: GatewayKinds,
    /// Panels.
    pub panels: PanelKinds,
    /// The way out for mail.
    pub mailer: Mailer,
    /// Calls to others.
    pub outbound: Outbound,
}

/// Templates and words, which a process parses once.
struct Front {
    views: Views,
    sheets: Sheets,
}

static FRONT: std::sync::OnceLock<Front> = std::sync::OnceLock::new();

fn front() -> Result<&'static Front> {
    if let Some(front) = FRONT.get() {
        return Ok(front);
    }
    let views = crate::kit::views().context("the templates and words")?;
    Ok(FRONT.get_or_init(|| Front {
        views,
        sheets: Sheets::default(),
    }))
}

impl App {
    /// Opens everything a configured process needs.
    ///
    /// # Errors
    /// When configuration is missing or the database cannot be read.
    pub async fn open(config: Config) -> Result<Self> {
        Self::open_at(config, Clock::system(), crate::subscribers::subscriptions()).await
    }

    /// The same by another clock, with other subscriptions: for a command that plays a past through.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_at(config: Config, clock: Clock, subscriptions: Subscriptions) -> Result<Self> {
        config
            .require_secret_key()
            .context("set secret_key (or EZSCALE_SECRET_KEY)")?;
        let mut options = crate::cli::tenancy_options(&config)?;
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make {}", config.data_dir.display()))?;
        options.clock = clock;
        options.subscriptions = subscriptions;
        options.snapshot = Some(config.data_dir.join("hosts.json"));
        let tenancy = Tenancy::open(options)
            .await
            .context("the database cannot be read; is it up, and has `ezscale migrate` run?")?;
        let mailer = match &config.mail.url {
            Some(url) => Mailer::new(url).context("mail.url")?,
            None => Mailer::folder(config.data_dir.join("mail")),
        };
        let outbound = Outbound::new(platform::outbound::OutboundConfig {
            allow: config.outbound.allow.clone(),
            ..Default::default()
        })
        .context("outbound calls")?;
        Self::from_parts(Parts {
            config,
            tenancy,
            gateways: crate::kinds::gateways(&outbound),
            panels: crate::kinds::panels(),
            mailer,
            outbound,
        })
    }

    /// From given parts.
    ///
    /// # Errors
    /// When a template or a word file does not parse.
    pub fn from_parts(parts: Parts) -> Result<Self> {
        front()?;
        Ok(Self(Arc::new(parts), Hub::default()))
    }

    /// Configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The doors.
    #[must_use]
    pub fn tenancy(&self) -> &Tenancy {
        &self.0.tenancy
    }

    /// Gateways.
    #[must_use]
    pub fn gateways(&self) -> &GatewayKinds {
        &self.0.gateways
    }

    /// Panels.
    #[must_use]
    pub fn panels(&self) -> &PanelKinds {
        &self.0.panels
    }

    /// What operations need.
    #[must_use]
    pub fn workshop(&self) -> Workshop {
        Workshop {
            doors: self.tenancy().clone(),
            panels: self.panels().clone(),
            gateways: self.gateways().clone(),
            outbound: self.outbound().clone(),
        }
    }

    /// Pages that are open and wait for news.
    #[must_use]
    pub fn live(&self) -> &Hub {
        &self.1
    }

    /// The way out for mail.
    #[must_use]
    pub fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// Calls to others.
    #[must_use]
    pub fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// Templates.
    ///
    /// # Panics
    /// Never: an app exists only after they were parsed.
    #[must_use]
    pub fn views(&self) -> &'static Views {
        #[expect(clippy::expect_used, reason = "from_parts parsed them")]
        &FRONT
            .get()
            .expect("an app exists only after its templates were parsed")
            .views
    }

    /// Theme sheets.
    ///
    /// # Panics
    /// Never: as [`Self::views`].
    #[must_use]
    pub fn sheets(&self) -> &'static Sheets {
        #[expect(clippy::expect_used, reason = "from_parts parsed them")]
        &FRONT
            .get()
            .expect("an app exists only after its templates were parsed")
            .sheets
    }

    /// The host where a tenant's portal is, for links that leave this one.
    #[must_use]
    pub fn host_for(&self, tenant: &Tenant, portal: Portal) -> Arc<str> {
        self.tenancy()
            .directory()
            .public_host(tenant, portal, self.tenancy().base_domain())
    }

    /// An absolute link into a tenant's portal, for mails and gateways.
    #[must_use]
    pub fn link(&self, tenant: &Tenant, portal: Portal, path: &str) -> String {
        format!("{}{path}", self.tenancy().origin(&self.host_for(tenant, portal)))
    }

    /// Whether visitors reach us over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.config.https.addr.is_some()
    }

    /// One block of a page as markup, for a stream.
    ///
    /// # Errors
    /// When the template fails, which a test of every page would have seen.
    pub fn draw<C: platform::views::Context>(
        &self,
        block: &str,
        context: &C,
        page: &Page,
    ) -> Result<String, BillingError> {
        self.views()
            .part(block, context, page)
            .map_err(|error| BillingError::Conflict("template", error.to_string()))
    }

    /// One of the words, in the page's language.
    #[must_use]
    pub fn say(&self, page: &Page, key: &str, args: &[(&str, &str)]) -> String {
        self.views().texts().say(&page.locale, page.words.as_deref(), key, args)
    }
}

/// The words, for code that has no app at hand.
///
/// # Panics
/// Never in a running process: an app parses them first.
pub(crate) fn front_texts() -> &'static Texts {
    #[expect(clippy::expect_used, reason = "from_parts parsed them")]
    FRONT
        .get()
        .expect("an app exists only after its words were parsed")
        .views
        .texts()
}

impl FromRef<App> for Tenancy {
    fn from_ref(app: &App) -> Self {
        app.tenancy().clone()
    }
}
