//! The forms of a panel endpoint, drawn from what its panel asks for.

use provisioning::server::Server;
use serde_json::{Value, json};
use tenancy::extract::Staff;
use tenancy::permission::WriteServers;

use super::words;
use crate::admin::desk::Say;
use crate::admin::schema_form;
use crate::app::App;
use crate::kit::detail::{Field, FormPage, FormPart, crumb};
use crate::kit::parts::Choice;

/// The schemas of one panel kind, as it describes itself.
pub(super) fn described(app: &App, kind: &str) -> Option<Value> {
    app.panels().describe().into_iter().find(|row| row["panel"] == kind)
}

pub(super) fn choose(app: &App, say: Say<'_>) -> FormPage {
    let kinds = app.panels().describe();
    let options = kinds
        .iter()
        .filter_map(|row| row["panel"].as_str())
        .map(|kind| Choice {
            value: kind.to_owned(),
            label: say.or(&format!("panel-{kind}"), kind),
        })
        .collect();
    FormPage {
        title: say.it("servers-new"),
        subtitle: Some(say.it("servers-choose")),
        crumbs: vec![
            crumb(say.it("menu-servers"), Some("/admin/servers")),
            crumb(say.it("servers-new"), None),
        ],
        form: FormPart {
            id: "kind".to_owned(),
            path: "/admin/servers/new".to_owned(),
            fields: vec![Field::text("panel", say.it("servers-panel"), "").choices(options)],
            submit: say.it("ui-next"),
        },
        errors: Vec::new(),
        back: "/admin/servers".to_owned(),
    }
}

/// What the upstream panel asks for is a product of the parent: those in its shop are picked by name.
async fn upstream_products(app: &App, staff: &Staff<WriteServers>) -> Vec<Choice> {
    let directory = app.tenancy().directory();
    let parent = staff.scope.tenant().parent.and_then(|id| directory.tenant(id));
    let Some(parent) = parent else { return Vec::new() };
    let host = app.host_for(parent, tenancy::Portal::Site);
    let read = async {
        let (visitor, _) = tenancy::resolve::host(app.tenancy(), &host).ok()?;
        let mut tx = app.tenancy().begin_read(&visitor).await.ok()?;
        let shelf = billing::catalogue::shelf(&mut tx, None).await.ok()?;
        tx.commit().await.ok()?;
        Some(shelf)
    };
    let shelf = read.await.unwrap_or_default();
    shelf
        .into_iter()
        .map(|product| Choice {
            value: product.id.to_string(),
            label: product.name,
        })
        .collect()
}

/// The fields a panel's schemas ask for.
async fn fields(
    app: &App,
    staff: &Staff<WriteServers>,
    say: Say<'_>,
    kind: &Value,
    known: Option<&Server>,
) -> Vec<Field> {
    let panel = kind["panel"].as_str().unwrap_or_default();
    let words = words(say);
    let mut fields = vec![Field::text(
        "name",
        say.it("list-name"),
        known.map_or("", |server| server.name.as_str()),
    )];
    let has_address = app.panels().get(panel).is_some_and(|panel| panel.has_address());
    if has_address {
        fields.push(
            Field::text(
                "base_url",
                say.it("servers-address"),
                known.map_or("", |s| s.base_url.as_str()),
            )
            .kind("url")
            .hint(say.it("servers-address-hint")),
        );
    }
    let settings = known.map_or_else(|| json!({}), |server| server.settings.clone());
    let secret = Some(known.is_some());
    let mut credentials = schema_form::fields("credentials", &kind["credentials"], &json!({}), secret, &words);
    let products = if panel == "upstream" {
        upstream_products(app, staff).await
    } else {
        Vec::new()
    };
    if !products.is_empty()
        && let Some(field) = credentials.iter_mut().find(|field| field.name == "credentials.product")
    {
        let kept = field.optional;
        *field = Field {
            optional: kept,
            blank: Some(if kept {
                words.kept.clone()
            } else {
                say.it("servers-choose-product")
            }),
            hint: Some(say.it("servers-upstream-hint")),
            ..Field::text("credentials.product", say.it("servers-upstream-product"), "").choices(products)
        };
    }
    fields.extend(credentials);
    fields.extend(schema_form::fields(
        "settings",
        &kind["settings"],
        &settings,
        None,
        &words,
    ));
    fields.push(Field::text("panel", String::new(), panel).kind("hidden"));
    say.labelled(fields)
}

pub(super) async fn form(
    app: &App,
    staff: &Staff<WriteServers>,
    say: Say<'_>,
    kind: &Value,
    known: Option<&Server>,
) -> FormPage {
    let panel = kind["panel"].as_str().unwrap_or_default();
    let fields = fields(app, staff, say, kind, known).await;
    let title = say.it(if known.is_some() { "servers-edit" } else { "servers-new" });
    let path = known.map_or_else(
        || "/admin/servers".to_owned(),
        |server| format!("/admin/servers/{}", server.id),
    );
    FormPage {
        subtitle: Some(say.or(&format!("panel-{panel}"), panel)),
        crumbs: vec![
            crumb(say.it("menu-servers"), Some("/admin/servers")),
            crumb(title.clone(), None),
        ],
        title,
        form: FormPart {
            id: "server".to_owned(),
            path: path.clone(),
            fields,
            submit: say.it("settings-save"),
        },
        errors: Vec::new(),
        back: path,
    }
}
