//! `/admin`: how the business does, and what waits for somebody.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::order::list as orders;
use billing::report::{self, Figures, Month};
use chrono::{Datelike, Months, NaiveDate};
use http::StatusCode;
use platform::format::{self, DateStyle, MoneyStyle};
use platform::money::{Currency, Exact, Money};
use platform::views::Page as Chrome;
use provisioning::operation::list as operations;
use tenancy::extract::Staff;
use tenancy::permission::{Any, Permission, ReadAccounts, ReadInvoices, ReadOrders, ReadReports, ReadServices};
use tenancy::{TenantTx, task};

use super::desk::Say;
use super::provisioning::kind_name;
use crate::app::App;
use crate::charts::{Chart, Plot, Point, Series, Stroke, area, bars_stacked, spark};
use crate::kit::dashboard::{Dashboard, Figure, OperationRow, OrderRow, Queue};
use crate::kit::parts::Delta;
use crate::refusal;
use crate::status;
use crate::web::answer::{Html, internal};
use crate::web::page::{self, Asked};

/// Months of the revenue chart.
const MONTHS: u32 = 12;
/// Months of the chart of movements.
const MOVES: usize = 6;

/// Everything the page reads.
struct Read {
    figures: Figures,
    months: Vec<Month>,
    orders: Vec<orders::Row>,
    operations: Vec<operations::Row>,
    tasks: i64,
    failed: i64,
    waiting: i64,
    today: NaiveDate,
    currency: Currency,
}

/// `GET /admin`: the dashboard, or the first list somebody without reports may see.
pub async fn show(State(app): State<App>, staff: Staff<Any>, asked: Asked) -> Response {
    let may = |permission: &str| staff.rights.has(permission);
    if !may(ReadReports::NAME) {
        let first = [
            (ReadServices::NAME, "/admin/services"),
            (ReadAccounts::NAME, "/admin/customers"),
            (ReadOrders::NAME, "/admin/orders"),
            (ReadInvoices::NAME, "/admin/invoices"),
        ];
        let path = first.iter().find(|(permission, _)| may(permission));
        return match path {
            Some((_, path)) => Redirect::to(path).into_response(),
            None => Redirect::to("/admin/settings").into_response(),
        };
    }
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let read = read(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(read)
    };
    let read = match read.await {
        Ok(read) => read,
        Err(error) => return internal(error),
    };
    let chrome = page::admin(&app, &staff, &asked, "dashboard").await;
    let say = Say(&app, &chrome);
    let context = Dashboard {
        today: read.today,
        currency: read.currency.code().to_owned(),
        others: others(say, &read),
        figures: figures(say, &read),
        queues: queues(say, &read, &staff),
        revenue: revenue(say, &read),
        net_new: net_new(&read),
        net_new_month: first_of(read.today),
        movements: movements(say, &read),
        orders: read.orders.iter().filter_map(order_row).collect(),
        operations: read
            .operations
            .iter()
            .map(|row| operation_row(&app, &chrome, row))
            .collect(),
    };
    Html::show(&app, StatusCode::OK, &context, &chrome)
}

async fn read(tx: &mut TenantTx) -> Result<Read, BillingError> {
    let currency = tx.tenant().currency;
    Ok(Read {
        figures: report::figures(tx).await?,
        months: report::months(tx, currency.code()).await?,
        orders: orders::latest(tx, 6).await?,
        operations: operations::open(tx, 5).await?,
        tasks: task::count_open(tx).await?,
        failed: operations::count_failed(tx).await?,
        waiting: orders::count_waiting(tx).await?,
        today: tx.today(),
        currency,
    })
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn money(minor: i64, currency: Currency) -> Money {
    Money::new(minor, currency).unwrap_or_else(|_| Money::zero(currency))
}

/// An amount as it is drawn: whole units are exact enough for a picture.
fn drawn(minor: i64, currency: Currency) -> f64 {
    let units = minor / currency.minor_per_major();
    f64::from(i32::try_from(units).unwrap_or(i32::MAX))
}

fn written(say: Say<'_>, minor: i64, currency: Currency, sign: bool) -> String {
    let style = MoneyStyle {
        sign,
        whole: true,
        ..MoneyStyle::default()
    };
    let amount = money(minor, currency).to_decimal_string();
    format::money(&say.1.locale, &amount, currency.code(), style).unwrap_or(amount)
}

/// The kept month that begins on `day`; an empty one where nothing was billed then.
fn month(read: &Read, day: NaiveDate) -> Month {
    let found = read.months.iter().find(|month| month.month == day).cloned();
    found.unwrap_or(Month {
        month: day,
        ..Month::default()
    })
}

/// The last months up to the running one, whose end is what is agreed now.
fn last(read: &Read, count: u32, back: u32) -> Vec<Month> {
    let running = first_of(read.today);
    let mut months: Vec<Month> = (0..count)
        .rev()
        .filter_map(|n| running.checked_sub_months(Months::new(n + back)))
        .map(|day| month(read, day))
        .collect();
    if back == 0
        && let Some(now) = months.last_mut()
    {
        now.mrr_minor = read.figures.sums(read.currency).mrr;
    }
    months
}

/// What there is in other currencies; never added to the rest.
fn others(say: Say<'_>, read: &Read) -> Vec<String> {
    read.figures
        .sums
        .iter()
        .filter(|(code, sums)| code.as_str() != read.currency.code() && (sums.mrr != 0 || sums.open != 0))
        .filter_map(|(code, sums)| {
            let currency = Currency::parse(code).ok()?;
            let (mrr, open) = (
                written(say, sums.mrr, currency, false),
                written(say, sums.open, currency, false),
            );
            Some(say.with("dashboard-other", &[("mrr", &mrr), ("open", &open)]))
        })
        .collect()
}

/// `+3.0%`: the change from `old` to `new`.
fn change(new: i64, old: i64, hint: String, more_is_good: bool) -> Option<Delta> {
    let share = Exact::from(new - old).divide(&Exact::from(old))?;
    let percent = &share * &Exact::from(100_i64);
    let sign = if percent.is_negative() { "\u{2212}" } else { "+" };
    let text = percent.to_fixed(1);
    Some(Delta {
        text: format!("{sign}{}%", text.trim_start_matches('-')),
        direction: match new.cmp(&old) {
            std::cmp::Ordering::Greater => "up",
            std::cmp::Ordering::Less => "down",
            std::cmp::Ordering::Equal => "flat",
        },
        good: (new != old).then_some((new > old) == more_is_good),
        hint,
    })
}

fn figures(say: Say<'_>, read: &Read) -> Vec<Figure> {
    let sums = read.figures.sums(read.currency);
    let months = last(read, MONTHS, 0);
    let before = months.iter().rev().nth(1).map_or(0, |month| month.mrr_minor);
    let course = |pick: fn(&Month) -> i64| {
        let values: Vec<f64> = months.iter().map(|month| drawn(pick(month), read.currency)).collect();
        (months.len() > 1).then(|| spark(&values))
    };
    let figure = |label_key, icon| Figure {
        label_key,
        icon,
        money: None,
        count: None,
        percent: None,
        delta: None,
        spark: None,
        path: None,
    };
    let churn = months.last().map_or(0, |month| month.churn_minor);
    let share = Exact::from(churn)
        .divide(&Exact::from(before))
        .map(|share| (&share * &Exact::from(100_i64)).to_fixed(2));
    let hint = |text: String| {
        Some(Delta {
            text: String::new(),
            direction: "flat",
            good: None,
            hint: text,
        })
    };
    let late = written(say, sums.overdue, read.currency, false);
    let accounts = read.figures.accounts.to_string();
    vec![
        Figure {
            money: Some(money(sums.mrr, read.currency)),
            delta: change(sums.mrr, before, say.it("dashboard-against-month"), true),
            spark: course(|month| month.mrr_minor),
            ..figure("dashboard-mrr", "chart-line")
        },
        Figure {
            count: u64::try_from(read.figures.active_services).ok(),
            delta: hint(say.with("dashboard-of-customers", &[("count", &accounts)])),
            path: Some("/admin/services?status=active"),
            ..figure("dashboard-services", "server-2")
        },
        Figure {
            money: Some(money(sums.open, read.currency)),
            delta: hint(say.with("dashboard-late", &[("amount", &late)])),
            path: Some("/admin/invoices?status=open"),
            ..figure("dashboard-open", "file-invoice")
        },
        Figure {
            percent: Some(share.unwrap_or_else(|| "0".to_owned())),
            delta: hint(say.it("dashboard-this-month")),
            spark: course(|month| month.churn_minor),
            ..figure("dashboard-churn", "user-minus")
        },
    ]
}

fn queues(say: Say<'_>, read: &Read, staff: &Staff<Any>) -> Vec<Queue> {
    let queue = |needs: &str, key: &str, count: i64, path: &'static str, icon: &'static str| {
        staff.rights.has(needs).then(|| Queue {
            label: say.it(key),
            count: u64::try_from(count).unwrap_or_default(),
            path,
            icon,
        })
    };
    [
        queue(
            ReadServices::NAME,
            "dashboard-tasks",
            read.tasks,
            "/admin/tasks?status=open",
            "flag",
        ),
        queue(
            ReadServices::NAME,
            "dashboard-failed",
            read.failed,
            "/admin/provisioning?status=failed",
            "alert-triangle",
        ),
        queue(
            ReadInvoices::NAME,
            "dashboard-overdue",
            read.figures.overdue_invoices,
            "/admin/invoices?status=overdue&sort=due",
            "clock",
        ),
        queue(
            ReadOrders::NAME,
            "dashboard-waiting",
            read.waiting,
            "/admin/orders?status=pending_payment",
            "shopping-cart",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn columns(say: Say<'_>, months: &[Month]) -> Vec<String> {
    let name = |month: &Month| {
        let text = format::date(&say.1.locale, month.month, DateStyle::Month);
        text.split(' ').next().unwrap_or_default().to_owned()
    };
    months.iter().map(name).collect()
}

fn series(say: Say<'_>, read: &Read, key: &str, stroke: Stroke, values: &[i64]) -> Series {
    Series {
        label: say.it(key),
        points: values
            .iter()
            .map(|minor| Point::new(drawn(*minor, read.currency), written(say, *minor, read.currency, false)))
            .collect(),
        stroke,
    }
}

fn revenue(say: Say<'_>, read: &Read) -> Chart {
    let (now, before) = (last(read, MONTHS, 0), last(read, MONTHS, MONTHS));
    let values = |months: &[Month]| months.iter().map(|month| month.mrr_minor).collect::<Vec<_>>();
    let mut lines = vec![series(say, read, "dashboard-mrr", Stroke::Filled, &values(&now))];
    // A line along zero says nothing: the year before is drawn where there was one.
    if before.iter().any(|month| month.mrr_minor != 0) {
        lines.push(series(
            say,
            read,
            "dashboard-previous-year",
            Stroke::Dashed,
            &values(&before),
        ));
    }
    let code = read.currency.code().to_owned();
    let tick =
        move |value: f64| format::money_compact(&say.1.locale, &format!("{value:.0}"), &code).unwrap_or_default();
    area(&Plot {
        label: say.it("dashboard-revenue"),
        heading: say.it("dashboard-month"),
        columns: columns(say, &now),
        series: lines,
        tick: &tick,
        from_zero: true,
    })
}

fn net_new(read: &Read) -> Money {
    let now = month(read, first_of(read.today));
    let net = now.new_minor + now.expansion_minor - now.contraction_minor - now.churn_minor;
    money(net, read.currency)
}

fn movements(say: Say<'_>, read: &Read) -> Chart {
    let months: Vec<Month> = last(read, MONTHS, 0).into_iter().rev().take(MOVES).rev().collect();
    let values = |pick: fn(&Month) -> i64| months.iter().map(pick).collect::<Vec<_>>();
    let bars = vec![
        series(say, read, "dashboard-new", Stroke::Filled, &values(|m| m.new_minor)),
        series(
            say,
            read,
            "dashboard-expansion",
            Stroke::Filled,
            &values(|m| m.expansion_minor),
        ),
        series(
            say,
            read,
            "dashboard-contraction",
            Stroke::Filled,
            &values(|m| -m.contraction_minor),
        ),
        series(
            say,
            read,
            "dashboard-churned",
            Stroke::Filled,
            &values(|m| -m.churn_minor),
        ),
    ];
    let code = read.currency.code().to_owned();
    let tick =
        move |value: f64| format::money_compact(&say.1.locale, &format!("{value:.0}"), &code).unwrap_or_default();
    bars_stacked(&Plot {
        label: say.it("dashboard-movements"),
        heading: say.it("dashboard-month"),
        columns: columns(say, &months),
        series: bars,
        tick: &tick,
        from_zero: true,
    })
}

fn order_row(row: &orders::Row) -> Option<OrderRow> {
    let currency = Currency::parse(&row.currency).ok()?;
    Some(OrderRow {
        number: row.number.to_string(),
        path: format!("/admin/orders/{}", row.id),
        at: row.created_at,
        account: row.account_name.clone(),
        email: row.account_email.clone(),
        product: row.products.clone().unwrap_or_default(),
        total: money(row.total_minor, currency),
        badge: status::delivery(&row.status, row.delivery.as_deref()),
    })
}

fn operation_row(app: &App, chrome: &Chrome, row: &operations::Row) -> OperationRow {
    let server = row.server_name.as_deref().map(|name| format!(" · {name}"));
    OperationRow {
        title: kind_name(app, chrome, &row.kind),
        path: format!("/admin/provisioning/{}", row.id),
        detail: format!("{}{}", row.service_label, server.unwrap_or_default()),
        badge: status::operation(&row.status),
        percent: None,
        note: refusal::waits(app, chrome, row.reason.as_deref(), &row.step),
        retry_path: (row.status == "failed").then(|| format!("/admin/provisioning/{}/retry", row.id)),
    }
}
