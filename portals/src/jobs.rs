//! What each job calls.

use std::future::Future;

use billing::BillingError;
use billing::ids::ServiceId;
use billing::inbox::{self, ApplyEvent};
use billing::payment::{self, AskPayment, DrivePayment, FinishHold};
use billing::payment_method::{self, DetachMethod};
use billing::refund::{self, DriveRefund};
use platform::event::EventArgs;
use platform::job::{Job, Outcome};
use provisioning::operation::{self, RetryOperation, RunOperation};
use provisioning::reconcile::{self, Reconcile};
use provisioning::sweep::{self, ReadUsage};
use provisioning::upstream::{self, LookUpstream};
use tenancy::jobs::{JobContext, Registry};
use tenancy::mail::{self, SendMail};

use crate::app::App;
use crate::mails::people::SendReset;

/// Subscriber: what a service's event wants on its panel.
pub const OPERATE: &str = "operate_on_event";
/// Subscriber: a service was built or not, so money that is held is taken or given back.
pub const SERVICE_DECIDED: &str = "service_decided";
/// Subscriber: a service that a reseller sells on became something else.
pub const TELL_DOWNSTREAM: &str = "tell_downstream";

/// Subscriber: what an event has to tell its account.
pub const NOTIFY: &str = "notify_account";
/// Subscriber: what an event has to tell the person whose sign-in it is about.
pub const WARN_USER: &str = "warn_user";
/// Subscriber: an issued invoice is printed before anybody asks for it.
pub const PRINT_INVOICE: &str = "print_invoice";

/// A job type and the function that runs it, over the app.
fn job<J, F, Fut>(registry: Registry, app: &App, run: F) -> Registry
where
    J: Job,
    F: Fn(App, JobContext, J) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let app = app.clone();
    registry.on(move |context, args: J| run(app.clone(), context, args))
}

/// Every job of the platform.
#[must_use]
pub fn registry(app: &App) -> Registry {
    let registry = Registry::default();
    let registry = job(registry, app, |app, context, args: SendMail| async move {
        mail::send(app.tenancy(), app.mailer(), &context.scope, &args, context.attempt).await
    });
    let registry = job(registry, app, |app, context, args: SendReset| async move {
        crate::mails::people::reset_job(&app, &context, &args).await
    });
    let registry = job(registry, app, |app, context, args: DrivePayment| async move {
        payment::drive_job(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: AskPayment| async move {
        payment::ask_job(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: FinishHold| async move {
        payment::finish_hold(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: DriveRefund| async move {
        refund::drive_job(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: DetachMethod| async move {
        payment_method::detach_job(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: ApplyEvent| async move {
        inbox::apply(app.tenancy(), app.gateways(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: RunOperation| async move {
        operation::run(&app.workshop(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: RetryOperation| async move {
        operation::retry_job(&app.workshop(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: LookUpstream| async move {
        upstream::look_job(&app.workshop(), &context.scope, &args).await
    });
    let own = app.clone();
    let registry = registry.on_name(TELL_DOWNSTREAM, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { upstream::tell(&app.workshop(), &context.scope, &args).await }
    });
    let registry = job(registry, app, |app, context, args: Reconcile| async move {
        reconcile::reconcile_job(&app.workshop(), &context.scope, &args).await
    });
    let registry = job(registry, app, |app, context, args: ReadUsage| async move {
        sweep::read_usage_job(&app.workshop(), &context.scope, &args).await
    });
    let own = app.clone();
    let registry = registry.on_name(NOTIFY, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { Box::pin(crate::mails::follow::on_event(&app, &context, &args)).await }
    });
    let own = app.clone();
    let registry = registry.on_name(WARN_USER, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { crate::mails::security::on_event(&app, &context, &args).await }
    });
    let own = app.clone();
    let registry = registry.on_name(PRINT_INVOICE, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { crate::document::on_issue(&app, &context, &args).await }
    });
    let own = app.clone();
    let registry = registry.on_name(OPERATE, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { operation::on_event(&app.workshop(), &context.scope, &args).await }
    });
    let own = app.clone();
    registry.on_name(SERVICE_DECIDED, move |context: JobContext, args: EventArgs| {
        let app = own.clone();
        async move { service_decided(&app, &context, &args).await }
    })
}

async fn service_decided(app: &App, context: &JobContext, args: &EventArgs) -> Outcome {
    let looked = async {
        let mut tx = app.tenancy().begin(&context.scope).await?;
        let event = platform::event::find(&mut tx, args.event).await?;
        if let Some(service) = event.and_then(|event| event.subject_id.parse::<ServiceId>().ok()) {
            payment::service_decided(&mut tx, service).await?;
        }
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    match looked.await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(5, error),
    }
}
