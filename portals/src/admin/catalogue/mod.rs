//! `/admin/catalogue`: what is sold: products with plans, prices and options.

pub mod option;
pub mod panel;
pub mod plan;
pub mod product;

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use billing::BillingError;
use billing::catalogue::{self, Plan, Price, Product, ProductChange, ProductOption};
use billing::ids::{PlanId, ProductId};
use http::StatusCode;
use platform::views::{Page as Chrome, Tone};
use tenancy::extract::Staff;
use tenancy::permission::{Permission, ReadCatalogue, WriteCatalogue};

use super::desk::{Say, past};
use super::service::icon_of;
use crate::app::App;
use crate::kit::detail::{Act, Block, Detail, Fact, Notice, Table, crumb, fact};
use crate::status;
use crate::web::answer::{Html, internal, not_found};
use crate::web::list::{self, Cell, Column, Empty, Filter, ListPage, Params, Place, Row, Spec};
use crate::web::page::{self, Asked};

/// Kinds of products.
pub const KINDS: &[(&str, &str)] = &[
    ("vps", "kind-vps"),
    ("dedicated", "kind-dedicated"),
    ("hosting", "kind-hosting"),
    ("game", "kind-game"),
    ("workspace", "kind-workspace"),
];

/// States of products and plans.
pub const STATES: &[(&str, &str)] = &[
    ("active", "status-active"),
    ("hidden", "status-hidden"),
    ("retired", "status-retired"),
];

const LIST: Spec = Spec {
    path: "/admin/catalogue",
    title: "menu-catalogue",
    search: Some("list-name"),
    filters: &[
        Filter::Choice("kind", "list-kind", KINDS),
        Filter::Choice("status", "list-status", STATES),
    ],
    columns: &[
        Column::new("list-name").phone(Place::Main),
        Column::new("list-kind").phone(Place::Below),
        Column::new("catalogue-plans").phone(Place::Hidden),
        Column::new("list-server").phone(Place::Hidden),
        Column::new("catalogue-place").end().phone(Place::BelowEnd),
        Column::new("list-status").phone(Place::End),
    ],
    sort: "",
    empty: Empty {
        icon: "package",
        title: "catalogue-none",
        text: "catalogue-none-text",
        action: None,
    },
};

/// `GET /admin/catalogue`: in shop order.
pub async fn list(State(app): State<App>, staff: Staff<ReadCatalogue>, asked: Asked, params: Params) -> Response {
    let wish = LIST.read(&params);
    let read = async {
        let mut tx = app.tenancy().begin_read(&staff.scope).await?;
        let products = catalogue::list_products(&mut tx, None, 1000, None).await?;
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let plans = catalogue::plans_of(&mut tx, &ids, false).await?;
        let servers = provisioning::server::list(&mut tx, 500, None).await?;
        tx.commit().await?;
        Ok::<_, BillingError>((products, plans, servers))
    };
    let (mut products, plans, servers) = match read.await {
        Ok(read) => read,
        Err(error) => return internal(error),
    };
    let (kind, state) = (wish.choice("kind"), wish.choice("status"));
    let typed = wish.typed().map(|typed| typed.to_lowercase());
    products.retain(|product| {
        kind.as_ref().is_none_or(|kind| *kind == product.kind)
            && state.as_ref().is_none_or(|state| *state == product.state)
            && typed
                .as_ref()
                .is_none_or(|typed| product.name.to_lowercase().contains(typed))
    });
    products.sort_by_key(|product| (product.kind.clone(), product.position, product.created_at));
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let row = |product: &Product| {
        let names: Vec<&str> = plans
            .iter()
            .filter(|plan| plan.product_id == product.id && plan.state != "retired")
            .map(|plan| plan.name.as_str())
            .collect();
        let server = servers.iter().find(|server| Some(server.id) == product.server_id);
        Row::to(
            format_args!("/admin/catalogue/{}", product.id),
            vec![
                Cell::text(&product.name).below(&product.summary),
                Cell::quiet(say.it(kind_key(&product.kind))),
                Cell::text(names.join(", ")),
                Cell::text(server.map_or("-", |server| server.name.as_str())),
                Cell::text(product.position),
                Cell::badge(status::offer(&product.state)),
            ],
        )
    };
    let rows: Vec<Row> = products.iter().map(row).collect();
    let mut listed = ListPage::new(&app, &chrome, &LIST, &wish, tenancy::listing::Found::whole(rows));
    if staff.rights.has(WriteCatalogue::NAME) {
        listed = listed.with_action(say.it("catalogue-new"), "/admin/catalogue/new", "plus");
    }
    list::show(&app, &chrome, &listed)
}

/// Message key of a product kind.
fn kind_key(kind: &str) -> &'static str {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("kind-vps", |(_, key)| *key)
}

/// A product with all that belongs to it.
pub(super) struct Whole {
    pub(super) product: Product,
    pub(super) plans: Vec<Plan>,
    pub(super) prices: BTreeMap<PlanId, Vec<Price>>,
    pub(super) options: Vec<ProductOption>,
    server: Option<provisioning::server::Server>,
}

/// Reads a product with all that belongs to it.
pub(super) async fn whole<P>(app: &App, staff: &Staff<P>, id: ProductId) -> Result<Whole, BillingError> {
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let product = catalogue::find_product(&mut tx, id)
        .await?
        .ok_or(BillingError::NotFound("product"))?;
    let plans = catalogue::plans_of(&mut tx, &[id], false).await?;
    let ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
    let mut prices: BTreeMap<PlanId, Vec<Price>> = BTreeMap::new();
    for (plan, price) in catalogue::prices_of(&mut tx, &ids).await? {
        prices.entry(plan).or_default().push(price);
    }
    let options = catalogue::options_of(&mut tx, &[id], false).await?;
    let server = match product.server_id {
        Some(server) => provisioning::server::find(&mut tx, server).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(Whole {
        product,
        plans,
        prices,
        options,
        server,
    })
}

/// `GET /admin/catalogue/{id}`
pub async fn show(
    State(app): State<App>,
    staff: Staff<ReadCatalogue>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    match detail(&app, &staff, &chrome, id).await {
        Ok(context) => Html::show(&app, StatusCode::OK, &context, &chrome),
        Err(BillingError::NotFound(_)) => not_found(),
        Err(error) => internal(error),
    }
}

async fn detail(
    app: &App,
    staff: &Staff<ReadCatalogue>,
    chrome: &Chrome,
    id: ProductId,
) -> Result<Detail, BillingError> {
    let say = Say(app, chrome);
    let whole = whole(app, staff, id).await?;
    let mut tx = app.tenancy().begin_read(&staff.scope).await?;
    let past = past(&mut tx, say, &id.to_string(), 15).await?;
    tx.commit().await?;
    let may = staff.rights.has(WriteCatalogue::NAME);
    let product = &whole.product;
    let path = format!("/admin/catalogue/{id}");
    let mut page = Detail {
        title: product.name.clone(),
        subtitle: Some(product.summary.clone()).filter(|text| !text.is_empty()),
        badge: Some(status::offer(&product.state)),
        crumbs: vec![
            crumb(say.it("menu-catalogue"), Some("/admin/catalogue")),
            crumb(product.name.clone(), None),
        ],
        picture: Some(icon_of(&product.kind)),
        ..Detail::default()
    };
    let mut plans = Block::table(say.it("catalogue-plans"), plans_table(say, &whole));
    let mut options = Block::table(say.it("catalogue-options"), options_table(say, &whole));
    if may {
        page.links
            .push(say.link("customer-edit", format_args!("{path}/edit"), "pencil"));
        if product.server_id.is_some() {
            page.links
                .push(say.link("catalogue-panel", format_args!("{path}/panel"), "settings"));
        }
        page.acts = acts(say, product);
        plans = plans.with_link(say.it("catalogue-new-plan"), format_args!("{path}/plans/new"));
        options = options.with_link(say.it("catalogue-new-option"), format_args!("{path}/options/new"));
    }
    if product.state == "active" && whole.plans.iter().all(|plan| plan.state != "active") {
        page.notices.push(Notice {
            tone: Tone::Warning,
            title: say.it("catalogue-no-plan"),
            text: None,
        });
    }
    page.main = vec![plans, options, Block::timeline(say.it("detail-timeline"), past)];
    page.side = vec![
        Block::facts(say.it("detail-facts"), facts(say, &whole)),
        Block::facts(say.it("catalogue-panel"), panel_facts(say, &whole)),
    ];
    Ok(page)
}

fn facts(say: Say<'_>, whole: &Whole) -> Vec<Fact> {
    let product = &whole.product;
    let stock = product
        .stock
        .map_or_else(|| say.it("catalogue-stock-panel"), |stock| stock.to_string());
    vec![
        fact(say.it("list-kind"), Cell::text(say.it(kind_key(&product.kind)))),
        fact(say.it("catalogue-slug"), Cell::code(&product.slug)),
        fact(say.it("catalogue-place"), Cell::text(product.position)),
        fact(say.it("catalogue-stock"), Cell::text(stock)),
        fact(
            say.it("catalogue-hostname"),
            Cell::text(say.it(if product.needs_hostname { "ui-yes" } else { "ui-no" })),
        ),
        fact(say.it("detail-id"), Cell::code(product.id)),
    ]
}

fn panel_facts(say: Say<'_>, whole: &Whole) -> Vec<Fact> {
    let server = match &whole.server {
        Some(server) => Cell::text(&server.name).to(format_args!("/admin/servers/{}", server.id)),
        None => Cell::text("-"),
    };
    let mut facts = vec![fact(say.it("list-server"), server)];
    for (name, value) in whole.product.panel_settings.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.push(fact(name.clone(), Cell::code(text)));
    }
    facts
}

fn plans_table(say: Say<'_>, whole: &Whole) -> Table {
    let rows = whole
        .plans
        .iter()
        .map(|plan| {
            let prices = whole.prices.get(&plan.id);
            let first = prices.and_then(|prices| prices.first());
            let more: Vec<String> = prices
                .into_iter()
                .flatten()
                .skip(1)
                .map(|price| format!("{} {}", price.amount.currency.code(), price.amount.to_decimal_string()))
                .collect();
            let version = first.map(|price| say.with("catalogue-version", &[("version", &price.version.to_string())]));
            Row::to(
                format_args!("/admin/catalogue/{}/plans/{}", plan.product_id, plan.id),
                vec![
                    Cell::text(&plan.name),
                    Cell::quiet(say.cycle(&plan.cycle_unit, plan.cycle_count)),
                    first
                        .map_or_else(Cell::default, |price| Cell::money(price.amount))
                        .below(more.join(" · ")),
                    Cell::quiet(version.unwrap_or_default()),
                    Cell::badge(status::offer(&plan.state)),
                ],
            )
        })
        .collect();
    let labels = [
        say.it("service-plan"),
        say.it("catalogue-cycle"),
        format!(">{}", say.it("list-price")),
        say.it("catalogue-versions"),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("catalogue-no-plans"))
}

fn options_table(say: Say<'_>, whole: &Whole) -> Table {
    let rows = whole
        .options
        .iter()
        .map(|option| {
            let values: Vec<&str> = option
                .values
                .iter()
                .filter(|value| !value.retired)
                .map(|value| value.name.as_str())
                .collect();
            let range = if option.kind == "quantity" {
                format!("{}–{}", option.min, option.max)
            } else {
                values.join(", ")
            };
            Row::to(
                format_args!("/admin/catalogue/{}/options/{}", option.product_id, option.id),
                vec![
                    Cell::text(&option.name),
                    Cell::quiet(say.it(&format!("option-{}", option.kind))),
                    Cell::text(range),
                    Cell::badge(status::offer(&option.state)),
                ],
            )
        })
        .collect();
    let labels = [
        say.it("catalogue-option"),
        say.it("list-kind"),
        say.it("catalogue-values"),
        say.it("list-status"),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Table::new(&labels, rows, say.it("catalogue-no-options"))
}

fn acts(say: Say<'_>, product: &Product) -> Vec<Act> {
    let act = |verb: &str, icon: &'static str, danger: bool| Act {
        id: verb.to_owned(),
        label: say.it(&format!("catalogue-{verb}")),
        title: say.with(&format!("catalogue-{verb}-title"), &[("name", &product.name)]),
        text: say.it(&format!("catalogue-{verb}-text")),
        path: format!("/admin/catalogue/{}/{verb}", product.id),
        danger,
        icon,
        ..Act::default()
    };
    match product.state.as_str() {
        "active" => vec![act("hide", "eye-off", false), act("retire", "archive", true)],
        "hidden" => vec![act("offer", "eye", false), act("retire", "archive", true)],
        _ => vec![act("offer", "eye", false)],
    }
}

/// `POST /admin/catalogue/{id}/{verb}`
pub async fn act(
    State(app): State<App>,
    staff: Staff<WriteCatalogue>,
    asked: Asked,
    Path((id, verb)): Path<(String, String)>,
) -> Response {
    let state = match verb.as_str() {
        "offer" => "active",
        "hide" => "hidden",
        "retire" => "retired",
        _ => return not_found(),
    };
    let Ok(id) = id.parse::<ProductId>() else {
        return not_found();
    };
    let change = ProductChange {
        state: Some(state.to_owned()),
        ..ProductChange::default()
    };
    let done = async {
        let mut tx = app.tenancy().begin(&staff.scope).await?;
        catalogue::update_product(&mut tx, id, &change).await?;
        tx.commit().await?;
        Ok::<_, BillingError>(())
    };
    let done = done.await;
    let chrome = page::admin(&app, &staff, &asked, "catalogue").await;
    let say = Say(&app, &chrome);
    let (tone, text) = match done {
        Ok(()) => (Tone::Success, say.it("settings-saved")),
        Err(BillingError::NotFound(_)) => return not_found(),
        Err(error) => match say.refusal(&error) {
            Some(why) => (Tone::Danger, why),
            None => return internal(error),
        },
    };
    page::flash(&staff.session, tone, text).await;
    Redirect::to(&format!("/admin/catalogue/{id}")).into_response()
}
