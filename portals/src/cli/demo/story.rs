//! What happens in the demo's year: who comes when, buys what, pays how, and what goes wrong.

use anyhow::{Context, Result};
use billing::credit::{self, Kind, NewCredit};
use billing::ids::{InvoiceId, PaymentId, PaymentMethodId, PlanId, ServiceId};
use billing::order::{self, Item, PlaceOrder};
use billing::payment::Received;
use billing::refund::{self, Destination, NewRefund};
use billing::{invoice, payment, payment_method, service};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use platform::config::Config;
use platform::money::{Currency, Money};
use provisioning::{OperationId, operation};
use serde_json::json;
use tenancy::account::{self, NewAccount};
use tenancy::{AccountId, TenantScope, TenantTx};

use super::people::{Customer, customers};
use super::shop;
use super::year::Year;

/// Days of the month on which things happen; what falls due in between is caught up on the next.
const DAYS: [u32; 8] = [2, 5, 9, 12, 16, 19, 23, 26];

/// How somebody pays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// A card, charged by itself.
    Card,
    /// A bank transfer, some days after the invoice.
    Transfer,
    /// By transfer, until two months ago.
    Stops,
    /// Money paid in ahead; when it is used up, a card that is declined.
    Declined,
    /// Money paid in ahead, more than needed.
    Ahead,
    /// A card, and gone after some months.
    Leaves,
}

fn habit(slug: &str, n: usize) -> Habit {
    match (slug, n) {
        ("ezscale", 9 | 27) | ("northwind", 3) => Habit::Transfer,
        ("ezscale", 4 | 23) | ("northwind", 7) => Habit::Stops,
        ("ezscale", 13 | 21) => Habit::Declined,
        ("ezscale", 20) => Habit::Ahead,
        ("ezscale", 6 | 16) | ("northwind", 5) => Habit::Leaves,
        _ => Habit::Card,
    }
}

/// Something bought: in which month after the first, what, and for a year or a month at a time.
type Purchase = (usize, &'static str, bool);

const AT_EZSCALE: &[&[Purchase]] = &[
    &[
        (0, "kvm-nvme-2", false),
        (2, "kvm-nvme-4", false),
        (5, "kvm-nvme-8", false),
    ],
    &[(0, "web-hosting-plus", true)],
    &[(0, "kvm-nvme-4", false), (3, "minecraft-6", false)],
    &[(0, "kvm-nvme-8", false), (1, "kvm-nvme-2", false)],
    &[(0, "kvm-nvme-2", false)],
    &[(0, "ryzen-7950x", false), (1, "kvm-nvme-2", true)],
    &[(0, "kvm-nvme-1", false)],
    &[(0, "kvm-nvme-2", false), (4, "desktop-workspace", false)],
    &[(0, "minecraft-6", false)],
    &[(0, "kvm-nvme-4", true), (2, "web-hosting-start", false)],
];
const AT_NORTHWIND: &[&[Purchase]] = &[
    &[(0, "fjord-4", false), (2, "fjord-2", false)],
    &[(0, "fjord-2", false)],
    &[(0, "harbour-web", true)],
    &[(0, "fjord-8", false)],
];
const NAMES: [&str; 3] = ["web-1", "db-1", "app-1"];

/// A customer, as far as the story has come.
struct Buyer {
    n: usize,
    who: &'static Customer,
    habit: Habit,
    purchases: &'static [Purchase],
    /// Month of the first purchase, and day of the month of all of them.
    month: usize,
    day: u32,
    account: Option<(AccountId, Option<PaymentMethodId>)>,
}

struct Shop {
    scope: TenantScope,
    buyers: Vec<Buyer>,
}

impl Shop {
    fn new(scope: TenantScope, lists: &'static [&'static [Purchase]]) -> Self {
        let slug = scope.tenant().slug.clone();
        let all = customers(&slug);
        let buyer = |(n, who): (usize, &'static Customer)| Buyer {
            n,
            who,
            habit: habit(&slug, n),
            purchases: lists[n % lists.len()],
            month: n * 12 / all.len(),
            day: DAYS[n * 3 % DAYS.len()],
            account: None,
        };
        let buyers = all.iter().enumerate().map(buyer).collect();
        Self { scope, buyers }
    }
}

/// Plays the year before `today` through.
pub async fn play(config: Config, today: DateTime<Utc>) -> Result<()> {
    let first = today.date_naive().with_day(1).context("a first day")?;
    let first = first.checked_sub_months(Months::new(11)).context("a year ago")?;
    let year = Year::begin(config, at(first)).await?;
    year.knob(&json!({ "build_ms": 0, "build_polls": 0, "task_ms": 0 }))
        .await?;
    let root = shop::root(&year.app).await?;
    let reseller = shop::reseller(&year.app, &root).await?;
    open_account_above(&year, &root).await?;
    let mut shops = [Shop::new(root, AT_EZSCALE), Shop::new(reseller, AT_NORTHWIND)];
    let days: Vec<(usize, NaiveDate)> = (0..12)
        .flat_map(|month| DAYS.iter().map(move |day| (month, *day)))
        .filter_map(|(month, day)| {
            let date = first
                .checked_add_months(Months::new(u32::try_from(month).ok()?))?
                .with_day(day)?;
            (date < today.date_naive()).then_some((month, date))
        })
        .collect();
    let last = days.len().saturating_sub(1);
    for (n, (month, date)) in days.iter().enumerate() {
        // Near the end the panel is full for a day, and one build breaks.
        let trouble = match last - n {
            1 => json!({ "capacity": 0 }),
            0 => json!({ "capacity": 120, "fail_builds": 1 }),
            _ => json!(null),
        };
        if !trouble.is_null() {
            year.knob(&trouble).await?;
        }
        Box::pin(one_day(&year, &mut shops, (*month, *date), last - n)).await?;
    }
    year.move_to(today);
    for shop in &shops {
        year.bill(&shop.scope).await?;
    }
    settle(&year, &shops).await?;
    year.knob(&json!({ "build_ms": 8000, "task_ms": 1500, "fail_builds": 0 }))
        .await?;
    Ok(())
}

fn at(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::minutes(8 * 60 + 11)
}

async fn settle(year: &Year, shops: &[Shop]) -> Result<()> {
    let scopes: Vec<&TenantScope> = shops.iter().map(|shop| &shop.scope).collect();
    year.settle(&scopes).await
}

async fn one_day(year: &Year, shops: &mut [Shop], (month, date): (usize, NaiveDate), left: usize) -> Result<()> {
    year.move_to(at(date));
    for shop in shops.iter_mut() {
        // What the last days brought is still on staff's desk.
        if left > 0 {
            by_hand(year, &shop.scope).await?;
        }
        for buyer in 0..shop.buyers.len() {
            visit(year, &shop.scope, &mut shop.buyers[buyer], (month, date), left).await?;
        }
        year.bill(&shop.scope).await?;
    }
    match left {
        20 => refund(year, &shops[0], 2, (Some(300), "Two days with a slow disk, as agreed.")).await?,
        9 => refund(year, &shops[0], 10, (None, "Ordered by mistake.")).await?,
        5 => refund(year, &shops[1], 0, (Some(500), "A present for your patience.")).await?,
        _ => {}
    }
    if left < 2 {
        // Somebody orders just when the panel has no room, and when a build breaks.
        let shop = &shops[0];
        let buyer = shop.buyers.get(left * 3).context("a buyer")?;
        let known = buyer.account.context("an early buyer")?;
        buy(year, &shop.scope, buyer, &(2 - left, "kvm-nvme-1", false), known).await?;
        if left == 0 {
            // And one that staff still have to build.
            buy(year, &shop.scope, buyer, &(0, "desktop-workspace", false), known).await?;
        }
    }
    top_up(year, &shops[0].scope).await?;
    settle(year, shops).await
}

/// Staff build what waits for them, and mark done what they did.
async fn by_hand(year: &Year, scope: &TenantScope) -> Result<()> {
    let mut tx = year.app.tenancy().begin(scope).await?;
    let waiting: Vec<(OperationId, String, String)> = sqlx::query_as(
        "SELECT o.id, o.kind, r.kind || '-' || a.number || '-' || left(md5(v.id::text), 4) FROM operations o \
         JOIN services v ON v.id = o.service_id JOIN products r ON r.id = v.product_id JOIN accounts a ON a.id = v.account_id \
         WHERE o.status = 'waiting' AND o.step = 'by_hand' ORDER BY o.created_at",
    )
    .fetch_all(tx.connection())
    .await?;
    for (id, kind, name) in waiting {
        if kind == "create" {
            operation::adopt(&mut tx, id, &name).await?;
        } else {
            operation::skip(&mut tx, id).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// What one customer does on a day.
async fn visit(
    year: &Year,
    scope: &TenantScope,
    buyer: &mut Buyer,
    (month, date): (usize, NaiveDate),
    left: usize,
) -> Result<()> {
    if let Some((account, _)) = buyer.account {
        pays(year, scope, buyer, account, (date, left)).await?;
        if buyer.habit == Habit::Leaves && month == buyer.month + 4 && date.day() == buyer.day {
            leave(year, scope, account).await?;
        }
    }
    let bought = |p: &&Purchase| month == buyer.month + p.0 && date.day() == buyer.day;
    let wanted: Vec<&Purchase> = buyer.purchases.iter().filter(bought).collect();
    for purchase in wanted {
        year.pass(7 + buyer.n % 13);
        let (account, method) = match buyer.account {
            Some(known) => known,
            None => {
                let known = join(year, scope, buyer).await?;
                buyer.account = Some(known);
                known
            }
        };
        buy(year, scope, buyer, purchase, (account, method)).await?;
    }
    Ok(())
}

/// Somebody new: a person, an account, and a card.
async fn join(year: &Year, scope: &TenantScope, buyer: &Buyer) -> Result<(AccountId, Option<PaymentMethodId>)> {
    let doors = year.app.tenancy();
    let mut tx = doors.begin(scope).await?;
    let who = buyer.who;
    let owner = shop::person(&mut tx, who.email, who.owner, false).await?;
    let new = NewAccount {
        name: who.name.into(),
        email: who.email.into(),
        address1: Some(who.street.into()),
        city: Some(who.city.into()),
        postcode: Some(who.postcode.into()),
        country: who.country.into(),
        currency: Some(who.currency().into()),
        owner: Some(owner.id),
        ..NewAccount::default()
    };
    let account = account::create(&mut tx, &new).await?.id;
    let by_transfer = matches!(buyer.habit, Habit::Transfer | Habit::Stops);
    if by_transfer {
        account::set_policy(&mut tx, account, "Pays by bank transfer.", false).await?;
    }
    if matches!(buyer.habit, Habit::Ahead | Habit::Declined) {
        let months = if buyer.habit == Habit::Ahead { 40 } else { 4 };
        paid_in(&mut tx, account, who.currency(), 1800 * months, "Paid in ahead").await?;
    }
    let gateway = shop::gateway_of(&mut tx).await?;
    tx.commit().await?;
    let card = match buyer.habit {
        Habit::Transfer | Habit::Stops => return Ok((account, None)),
        Habit::Declined => "pm_card_chargeCustomerFail",
        Habit::Card | Habit::Ahead | Habit::Leaves if buyer.n % 4 == 1 => "pm_card_mastercard",
        Habit::Card | Habit::Ahead | Habit::Leaves => "pm_card_visa",
    };
    let method = payment_method::attach(doors, year.app.gateways(), scope, (account, gateway), card).await?;
    Ok((account, Some(method.id)))
}

/// An order, the way everybody places one.
async fn buy(
    year: &Year,
    scope: &TenantScope,
    buyer: &Buyer,
    (months, product, yearly): &Purchase,
    (account, method): (AccountId, Option<PaymentMethodId>),
) -> Result<()> {
    let doors = year.app.tenancy();
    let mut tx = doors.begin(scope).await?;
    let (plan, is_server): (PlanId, bool) = sqlx::query_as(
        "SELECT p.id, r.kind IN ('vps', 'dedicated') FROM plans p JOIN products r ON r.id = p.product_id WHERE r.slug = $1 AND p.cycle_unit = $2",
    )
    .bind(product)
    .bind(if *yearly { "year" } else { "month" })
    .fetch_one(tx.connection())
    .await?;
    let hostname = match (is_server, NAMES.get(*months % NAMES.len())) {
        (true, Some(name)) => format!("{name}.{}", buyer.who.domain()),
        _ => buyer.who.domain().to_owned(),
    };
    let virtual_server = product.starts_with("kvm") || product.starts_with("fjord");
    let options = if virtual_server && buyer.n.is_multiple_of(3) {
        json!({ "os": "ubuntu-24.04", "ipv4": "two" })
    } else {
        json!({})
    };
    let new = PlaceOrder {
        account,
        items: vec![Item {
            plan,
            quantity: 1,
            hostname,
            options,
        }],
        payment_method: method,
        hold: method.is_some(),
        checkout_key: None,
        ip: None,
    };
    let placed = order::place(&mut tx, &new).await?;
    tx.commit().await?;
    if let Some(payment) = placed.payment {
        payment::drive(doors, year.app.gateways(), scope, payment).await?;
    }
    if let (None, Some(invoice)) = (method, placed.invoice) {
        // Whoever pays by transfer gets the server when the money is there.
        let mut tx = doors.begin(scope).await?;
        arrived(&mut tx, invoice).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn paid_in(tx: &mut TenantTx, account: AccountId, code: &str, minor: i64, reason: &str) -> Result<()> {
    let new = NewCredit {
        account,
        amount: Money::new(minor, Currency::parse(code)?)?,
        kind: Kind::Deposit,
        reason: reason.into(),
        key: None,
    };
    credit::give(tx, &new).await?;
    Ok(())
}

/// Transfers arrive some days after the invoice, unless somebody has stopped paying.
async fn pays(
    year: &Year,
    scope: &TenantScope,
    buyer: &Buyer,
    account: AccountId,
    (date, left): (NaiveDate, usize),
) -> Result<()> {
    let pays = match buyer.habit {
        Habit::Transfer => true,
        Habit::Stops => left > 12,
        Habit::Card | Habit::Declined | Habit::Ahead | Habit::Leaves => false,
    };
    let Some(before) = date.checked_sub_days(Days::new(3)).filter(|_| pays) else {
        return Ok(());
    };
    let mut tx = year.app.tenancy().begin(scope).await?;
    let due: Vec<InvoiceId> = sqlx::query_scalar(
        "SELECT id FROM invoices WHERE account_id = $1 AND status = 'issued' AND payment_status IN ('unpaid', 'partly_paid') \
         AND issued_on <= $2 ORDER BY issued_on, id",
    )
    .bind(account)
    .bind(before)
    .fetch_all(tx.connection())
    .await?;
    for invoice in due {
        arrived(&mut tx, invoice).await?;
    }
    Ok(tx.commit().await?)
}

/// A bank transfer is found on the statement.
async fn arrived(tx: &mut TenantTx, invoice: InvoiceId) -> Result<()> {
    let number = invoice::find(tx, invoice).await?.and_then(|found| found.number);
    let new = Received {
        invoice,
        amount: None,
        reference: format!("Bank transfer {}", number.unwrap_or_default()),
        key: None,
    };
    payment::record(tx, &new).await?;
    Ok(())
}

/// Something goes back: a little of what somebody paid last, or all of it.
async fn refund(year: &Year, shop: &Shop, buyer: usize, (minor, reason): (Option<i64>, &str)) -> Result<()> {
    let buyer = shop.buyers.get(buyer).context("a buyer")?;
    let Some((account, _)) = buyer.account else {
        return Ok(());
    };
    let mut tx = year.app.tenancy().begin(&shop.scope).await?;
    let last: Option<(PaymentId, String)> = sqlx::query_as(
        "SELECT id, currency FROM payments WHERE account_id = $1 AND status = 'succeeded' ORDER BY settled_at DESC, id LIMIT 1",
    )
    .bind(account)
    .fetch_optional(tx.connection())
    .await?;
    if let Some((payment, code)) = last {
        let unit = Currency::parse(&code)?;
        let new = NewRefund {
            payment,
            amount: minor.map(|minor| Money::new(minor, unit)).transpose()?,
            destination: Destination::Source,
            reason: reason.into(),
            key: None,
        };
        refund::begin(&mut tx, &new).await?;
    }
    Ok(tx.commit().await?)
}

async fn leave(year: &Year, scope: &TenantScope, account: AccountId) -> Result<()> {
    let mut tx = year.app.tenancy().begin(scope).await?;
    let running: Vec<ServiceId> =
        sqlx::query_scalar("SELECT id FROM services WHERE account_id = $1 AND status = 'active'")
            .bind(account)
            .fetch_all(tx.connection())
            .await?;
    for id in running {
        service::want_termination(&mut tx, id, "The customer has moved away.").await?;
    }
    Ok(tx.commit().await?)
}

/// The reseller's own account: somebody signs in to it, and it pays ahead.
async fn open_account_above(year: &Year, root: &TenantScope) -> Result<()> {
    let mut tx = year.app.tenancy().begin(root).await?;
    let owner = tenancy::user::find_by_email(&mut tx, &shop::reseller_email(&year.app)).await?;
    let owner = owner.context("the reseller's user")?;
    tenancy::user::set_password(&mut tx, owner.id, super::PASSWORD).await?;
    let gateway = shop::gateway_of(&mut tx).await?;
    let account = reseller_account(&mut tx).await?.0;
    tx.commit().await?;
    let doors = year.app.tenancy();
    payment_method::attach(doors, year.app.gateways(), root, (account, gateway), "pm_card_visa").await?;
    top_up(year, root).await
}

async fn reseller_account(tx: &mut TenantTx) -> Result<(AccountId, i64, String)> {
    let sql = "SELECT id, credit_minor, currency FROM accounts WHERE child_tenant_id IS NOT NULL";
    Ok(sqlx::query_as(sql).fetch_one(tx.connection()).await?)
}

/// Prepaid balance is filled up when it runs low.
async fn top_up(year: &Year, root: &TenantScope) -> Result<()> {
    let mut tx = year.app.tenancy().begin(root).await?;
    let (account, left, code) = reseller_account(&mut tx).await?;
    if left < 15_000 {
        paid_in(&mut tx, account, &code, 40_000, "Bank transfer, prepaid balance").await?;
    }
    Ok(tx.commit().await?)
}
