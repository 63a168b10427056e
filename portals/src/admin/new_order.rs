//! `/admin/customers/{id}/orders/new`: staff order for a customer, by the shop's own prices and checkout.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::catalogue::{self, Product};
use billing::ids::{PaymentMethodId, ProductId};
use billing::order::{self, Agreed, PlaceOrder, Placed};
use billing::payment::{self, Received};
use billing::payment_method::{self, PaymentMethod};
use billing::quote::{self, Offer, Quote, QuoteError};
use billing::{BillingError, gateway};
use http::{HeaderMap, StatusCode};
use platform::money::{Currency, Money};
use platform::views::{Context, Page as Chrome, Tone};
use serde::Serialize;
use tenancy::account::{self, Account};
use tenancy::extract::Staff;
use tenancy::permission::{AgreePrices, Permission, WriteOrders, WritePayments};
use tenancy::{AccountId, TenantTx};

use super::desk::Say;
use crate::account::invoice::method_name;
use crate::app::App;
use crate::kit::detail::crumb;
use crate::kit::parts::{Choice, Crumb, FieldError};
use crate::refusal;
use crate::site::view::{self, OrderForm, QuoteRow, QuoteView, Wish};
use crate::site::words;
use crate::web::answer::{Html, internal, not_found};
use crate::web::form::Form;
use crate::web::page::{self, Asked};

/// The page.
#[derive(Debug, Serialize)]
pub struct NewOrder {
    pub title: String,
    pub crumbs: Vec<Crumb>,
    pub path: String,
    pub back: String,
    pub products: Vec<Choice>,
    pub product: String,
    pub form: Option<OrderForm>,
    pub errors: Vec<FieldError>,
    pub quote: QuoteView,
    pub expect: String,
    pub credit: Option<Money>,
    pub ways: Vec<Choice>,
    pub way: String,
    pub may_agree: bool,
    pub may_record: bool,
    pub agreed: String,
    pub reason: String,
    pub reference: String,
    pub key: String,
}

impl Context for NewOrder {
    const TEMPLATE: &'static str = "admin/new_order.html";
}

/// The sum alone, for a form that changed.
#[derive(Debug, Serialize)]
struct Priced {
    quote: QuoteView,
    expect: String,
}

impl Context for Priced {
    const TEMPLATE: &'static str = "admin/order_quote.html";
}

/// What the page stands on.
struct Desk {
    account: Account,
    currency: Currency,
    products: Vec<Product>,
    offers: Vec<Offer>,
    methods: Vec<PaymentMethod>,
    today: chrono::NaiveDate,
}

async fn read(
    app: &App,
    staff: &Staff<WriteOrders>,
    id: AccountId,
    product: Option<ProductId>,
) -> Result<Desk, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let account = account::find(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("account"))?;
    let currency = Currency::parse(&account.currency)?;
    let mut products = catalogue::list_products(&mut tx, None, 200, None).await?;
    products.retain(|product| product.state != "retired");
    products.sort_by(|a, b| (&a.kind, a.position, &a.name).cmp(&(&b.kind, b.position, &b.name)));
    let chosen = products.iter().find(|known| Some(known.id) == product);
    let offers = match chosen {
        Some(chosen) => quote::offers_of(&mut tx, std::slice::from_ref(chosen)).await?,
        None => Vec::new(),
    };
    let desk = Desk {
        methods: payment_method::list(&mut tx, id).await?,
        offers: view::priced(offers, currency),
        today: tx.today(),
        account,
        currency,
        products,
    };
    tx.commit().await?;
    Ok(desk)
}

/// The price that was agreed on, where one was typed and may be.
fn agreed(staff: &Staff<WriteOrders>, desk: &Desk, wish: &Wish) -> Result<Agreed, BillingError> {
    let typed = wish.text("agreed").trim().replace(',', ".");
    if typed.is_empty() || !staff.rights.has(AgreePrices::NAME) {
        return Ok(Agreed::default());
    }
    let price = Money::parse(&typed, desk.currency)
        .map_err(|_| BillingError::Field("agreed", "Use a decimal number such as 12.34.".into()))?;
    if price.minor < 0 {
        return Err(BillingError::Field("agreed", "A price is not negative.".into()));
    }
    Ok(Agreed {
        prices: vec![Some(price)],
        reason: wish.text("reason"),
    })
}

/// What it costs, by the one pricing function, and every field that is wrong.
fn price(desk: &Desk, wish: &Wish, agreed: &Agreed) -> Result<Quote, Priceless> {
    let offer = wish.offer(&desk.offers).ok_or(Priceless::Nothing)?;
    let quoted = quote::quote(&desk.offers, &[wish.item(offer)], desk.currency, desk.today);
    match quoted {
        Ok(quoted) => agreed.over(quoted).map_err(Priceless::Refused),
        Err(QuoteError::Items(problems)) => Err(Priceless::Items(problems)),
        Err(QuoteError::Money(error)) => Err(Priceless::Refused(error.into())),
    }
}

/// Why there is no price.
enum Priceless {
    /// Nothing is on sale in this currency.
    Nothing,
    /// Fields to correct.
    Items(Vec<quote::ItemProblem>),
    /// The agreed price.
    Refused(BillingError),
}

impl Priceless {
    fn errors(&self, app: &App, chrome: &Chrome) -> Vec<FieldError> {
        match self {
            Self::Nothing => vec![FieldError {
                field: "product".into(),
                message: app.say(chrome, "site-no-price", &[]),
            }],
            Self::Items(problems) => words::field_errors(app, chrome, problems),
            Self::Refused(error) => refusal::words(app, chrome, error),
        }
    }
}

/// What is shown in its summary, and the sum that is confirmed by placing it.
fn summary((app, chrome): (&App, &Chrome), priced: &Result<Quote, Vec<FieldError>>) -> (QuoteView, String) {
    match priced {
        Ok(quote) => {
            let mut view = quote.items.first().map_or_else(
                || view::unquoted(String::new()),
                |item| view::quoted((app, chrome), item),
            );
            if let Some(item) = quote.items.first().filter(|item| !item.explain["agreed"].is_null()) {
                view.lines
                    .retain(|line| line.amount == item.setup && item.setup.is_positive());
                view.lines.insert(
                    0,
                    QuoteRow {
                        label: app.say(chrome, "new-order-agreed-line", &[]),
                        amount: item.unit,
                    },
                );
            }
            (view, quote.due_today.minor.to_string())
        }
        Err(errors) => {
            let first = errors.first().map(|error| error.message.clone()).unwrap_or_default();
            (view::unquoted(first), String::new())
        }
    }
}

fn ways(say: Say<'_>, staff: &Staff<WriteOrders>, desk: &Desk) -> Vec<Choice> {
    let mut ways = say.choices(&[("invoice", "new-order-way-invoice")]);
    if !staff.rights.has(WritePayments::NAME) {
        return ways;
    }
    ways.extend(
        desk.methods
            .iter()
            .filter(|method| method.state != "removed")
            .map(|method| Choice {
                value: method.id.to_string(),
                label: say.with(
                    "new-order-way-saved",
                    &[("name", &method_name(say.0, say.1, &method.brand, &method.last4))],
                ),
            }),
    );
    ways.extend(say.choices(&[("hand", "new-order-way-hand")]));
    ways
}

fn draw(
    app: &App,
    chrome: &Chrome,
    staff: &Staff<WriteOrders>,
    desk: &Desk,
    wish: &Wish,
    errors: Option<Vec<FieldError>>,
) -> NewOrder {
    let say = Say(app, chrome);
    let priced = agreed(staff, desk, wish)
        .map_err(Priceless::Refused)
        .and_then(|agreed| price(desk, wish, &agreed))
        .map_err(|error| error.errors(app, chrome));
    let (quote, expect) = summary((app, chrome), &priced);
    let errors = match errors {
        // What was sent is wrong in itself before anything else is said of it.
        Some(errors) if errors.is_empty() => priced.err().unwrap_or_default(),
        Some(errors) => errors,
        None => Vec::new(),
    };
    let back = format!("/admin/customers/{}", desk.account.id);
    let credit = Money::new(desk.account.credit_minor, desk.currency).ok();
    let key = wish.text("key");
    NewOrder {
        title: say.with("new-order-title", &[("name", &desk.account.name)]),
        crumbs: vec![
            crumb(say.it("menu-customers"), Some("/admin/customers")),
            crumb(desk.account.name.clone(), Some(&back)),
            crumb(say.it("new-order"), None),
        ],
        path: format!("{back}/orders/new"),
        back,
        products: desk
            .products
            .iter()
            .map(|product| Choice {
                value: product.id.to_string(),
                label: format!("{} · {}", say.it(&format!("kind-{}", product.kind)), product.name),
            })
            .collect(),
        product: wish.text("product"),
        form: view::form((app, chrome), &desk.offers, wish, desk.currency, &errors),
        errors,
        quote,
        expect,
        credit: credit.filter(|credit| credit.is_positive()),
        ways: ways(say, staff, desk),
        way: wish.get("way").unwrap_or("invoice").to_owned(),
        may_agree: staff.rights.has(AgreePrices::NAME),
        may_record: staff.rights.has(WritePayments::NAME),
        agreed: wish.text("agreed"),
        reason: wish.text("reason"),
        reference: wish.text("reference"),
        key: if key.is_empty() {
            hex::encode(app.tenancy().random().bytes::<16>())
        } else {
            key
        },
    }
}

/// `GET /admin/customers/{id}/orders/new`: first which product, then its fields.
pub async fn show(
    State(app): State<App>,
    staff: Staff<WriteOrders>,
    asked: Asked,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let mut wish = Wish::new(pairs);
    let desk = match read(&app, &staff, id, wish.text("product").parse().ok()).await {
        Ok(desk) => desk,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    if let Some(offer) = wish.offer(&desk.offers) {
        wish = wish.with_defaults(offer);
    }
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let context = draw(&app, &chrome, &staff, &desk, &wish, None);
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

/// `POST /admin/customers/{id}/orders/new`
pub async fn submit(
    State(app): State<App>,
    staff: Staff<WriteOrders>,
    asked: Asked,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(id) = id.parse() else { return not_found() };
    let wish = Wish::new(pairs);
    let desk = match read(&app, &staff, id, wish.text("product").parse().ok()).await {
        Ok(desk) => desk,
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "customers").await;
    let again = |errors: Option<Vec<FieldError>>| draw(&app, &chrome, &staff, &desk, &wish, errors);
    if headers.contains_key("hx-request") {
        let NewOrder { quote, expect, .. } = again(None);
        return Html::show(&app, StatusCode::OK, &Priced { quote, expect }, &chrome);
    }
    if wish.get("update").is_some() {
        return Html::show(&app, StatusCode::OK, &again(None), &chrome);
    }
    let refuse = |errors| Html::show(&app, StatusCode::UNPROCESSABLE_ENTITY, &again(Some(errors)), &chrome);
    let now = again(None);
    if now.expect.is_empty() {
        return refuse(Vec::new());
    }
    if now.expect != wish.text("expect") {
        let message = app.say(&chrome, "new-order-price-changed", &[]);
        return refuse(vec![FieldError {
            field: "form".into(),
            message,
        }]);
    }
    match place(&app, &staff, &desk, &wish).await {
        Ok(placed) => {
            let (tone, text) = told(&app, &chrome, &staff, &placed).await;
            page::flash(&staff.session, tone, text).await;
            Redirect::to(&format!("/admin/orders/{}", placed.order)).into_response()
        }
        Err(error) => {
            let errors = refusal::words(&app, &chrome, &error);
            if errors.is_empty() {
                return internal(error);
            }
            refuse(errors)
        }
    }
}

/// How the money comes.
enum Way {
    Invoice,
    Saved(PaymentMethodId),
    Hand,
}

fn way(staff: &Staff<WriteOrders>, wish: &Wish) -> Result<Way, BillingError> {
    let wrong = || BillingError::Field("way", "Choose a payment method.".into());
    let money = staff.rights.has(WritePayments::NAME);
    match wish.get("way").unwrap_or("invoice") {
        "invoice" => Ok(Way::Invoice),
        "hand" if money => Ok(Way::Hand),
        saved if money => saved.parse().map(Way::Saved).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// The shop's own command; a saved method is charged after its transaction, money by hand is recorded in it.
async fn place(app: &App, staff: &Staff<WriteOrders>, desk: &Desk, wish: &Wish) -> Result<Placed, BillingError> {
    let offer = wish.offer(&desk.offers).ok_or(BillingError::NotFound("plan"))?;
    let agreed = agreed(staff, desk, wish)?;
    let way = way(staff, wish)?;
    let room = provisioning::capacity::room(&app.workshop(), &staff.scope, offer.product.id).await?;
    let rooms: Vec<_> = room.into_iter().collect();
    let mut tx = app.tenancy().begin(&staff.scope).await?;
    let (saved, hold) = match &way {
        Way::Saved(id) => (Some(*id), can_hold(app, &mut tx, desk.account.id, *id).await?),
        Way::Invoice | Way::Hand => (None, false),
    };
    let new = PlaceOrder {
        account: desk.account.id,
        items: vec![wish.item(offer)],
        payment_method: saved,
        hold,
        checkout_key: Some(format!("staff:{}", wish.text("key"))).filter(|key| key.len() > 20),
        ip: None,
    };
    let placed = order::place_agreed(&mut tx, &new, &rooms, &agreed).await?;
    if let (Way::Hand, Some(invoice)) = (&way, placed.invoice) {
        let received = Received {
            invoice,
            amount: None,
            reference: wish.text("reference"),
            key: Some(format!("order:{}", placed.order)),
        };
        match payment::record(&mut tx, &received).await {
            // Credit covered all of it.
            Ok(_) | Err(BillingError::Conflict("nothing_due", _)) => {}
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    if let Some(id) = placed.payment {
        payment::drive(app.tenancy(), app.gateways(), &staff.scope, id).await?;
    }
    Ok(placed)
}

async fn can_hold(app: &App, tx: &mut TenantTx, account: AccountId, id: PaymentMethodId) -> Result<bool, BillingError> {
    let method = payment_method::find(tx, id).await?;
    let method = method
        .filter(|method| method.account_id == account)
        .ok_or_else(|| BillingError::Field("way", "Choose a payment method.".into()))?;
    let kind = gateway::find(tx, method.gateway_id).await?.map(|row| row.kind);
    let adapter = kind.and_then(|kind| app.gateways().get(&kind).cloned());
    Ok(adapter.is_some_and(|adapter| adapter.can_hold()))
}

/// What became of it, for staff who wait for the answer.
async fn told(app: &App, chrome: &Chrome, staff: &Staff<WriteOrders>, placed: &Placed) -> (Tone, String) {
    let state = async {
        let id = placed.payment?;
        let mut tx = app.tenancy().begin_read(&staff.scope).await.ok()?;
        let found = payment::find(&mut tx, id).await.ok()?;
        tx.commit().await.ok()?;
        found.map(|payment| payment.status)
    };
    match state.await.as_deref() {
        Some("failed" | "requires_action") => (Tone::Warning, app.say(chrome, "new-order-declined", &[])),
        _ => (Tone::Success, app.say(chrome, "new-order-done", &[])),
    }
}

/// A value of the page, for tests that draw every page.
#[cfg(test)]
pub fn sample(currency: Currency) -> NewOrder {
    let shop = crate::kit::samples::shop::order(currency);
    NewOrder {
        title: "New order for Hall & Sons".into(),
        crumbs: vec![crumb("Customers".into(), Some("/admin/customers"))],
        path: "#".into(),
        back: "#".into(),
        products: vec![Choice {
            value: "prd_1".into(),
            label: "VPS · KVM 2".into(),
        }],
        product: "prd_1".into(),
        form: shop.form,
        errors: vec![FieldError {
            field: "form".into(),
            message: "Look at the sum.".into(),
        }],
        quote: shop.quote,
        expect: "1000".into(),
        credit: Money::new(500, currency).ok(),
        ways: vec![Choice {
            value: "invoice".into(),
            label: "Send the invoice".into(),
        }],
        way: "invoice".into(),
        may_agree: true,
        may_record: true,
        agreed: "9.00".into(),
        reason: "Two years".into(),
        reference: String::new(),
        key: "k".into(),
    }
}
