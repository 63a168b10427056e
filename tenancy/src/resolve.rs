//! Where a [`TenantScope`] comes from, and nowhere else.

use platform::db::DbError;
use serde_json::json;

use crate::{Actor, HostRoute, Tenancy, TenantId, TenantScope, TenantState, audit};

/// No scope.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The name is no hostname.
    #[error("the Host header is no hostname")]
    BadHost,
    /// Nobody here answers for this name.
    #[error("unknown host")]
    UnknownHost,
    /// No such tenant, or not below the one who asks.
    #[error("unknown tenant")]
    UnknownTenant,
    /// The tenant has no parent to order from.
    #[error("this tenant has no parent")]
    NoParent,
    /// Database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Spells a Host header the way hosts are stored: no port, no trailing dot, lower case, A-labels.
///
/// # Errors
/// IP literals, empty labels and names over 253 bytes are refused.
pub fn normalise_host(header: &str) -> Result<String, ResolveError> {
    let name = match header.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) => return Err(ResolveError::BadHost),
        None => header,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    // Most names are already plain; IDNA is asked only where it can matter.
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    let ascii = if plain && !name.contains("xn--") {
        name.to_owned()
    } else {
        idna::domain_to_ascii_strict(name).map_err(|_| ResolveError::BadHost)?
    };
    let labels_ok = ascii.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    if ascii.len() > 253 || !labels_ok || ascii.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err(ResolveError::BadHost);
    }
    Ok(ascii)
}

/// A visitor at a host, from the map in memory.
///
/// # Errors
/// When the name is no hostname or nobody here answers for it.
pub fn host(tenancy: &Tenancy, header: &str) -> Result<(TenantScope, HostRoute), ResolveError> {
    let name = normalise_host(header)?;
    let route = tenancy
        .directory()
        .host(&name)
        .cloned()
        .ok_or(ResolveError::UnknownHost)?;
    Ok((TenantScope::mint(route.tenant.clone(), Actor::Visitor), route))
}

/// The tenant a job row names, acted in by the job.
///
/// # Errors
/// When the schema belongs to nobody (any more).
pub fn job(tenancy: &Tenancy, schema: &str, name: &str) -> Result<TenantScope, ResolveError> {
    let directory = tenancy.directory();
    let tenant = directory.schema(schema).ok_or(ResolveError::UnknownTenant)?;
    Ok(TenantScope::mint(
        tenant.clone(),
        Actor::System { name: name.to_owned() },
    ))
}

/// A tenant for the scheduler and the command line, acted in by the system.
///
/// # Errors
/// When there is no such tenant.
pub fn system(tenancy: &Tenancy, tenant: TenantId, name: &str) -> Result<TenantScope, ResolveError> {
    let directory = tenancy.directory();
    let tenant = directory.tenant(tenant).ok_or(ResolveError::UnknownTenant)?;
    Ok(TenantScope::mint(
        tenant.clone(),
        Actor::System { name: name.to_owned() },
    ))
}

/// A parent's staff looking into a tenant below: the parent's audit entry commits before the
/// scope exists, the child's is written here too, so neither side can miss it.
///
/// # Errors
/// Unless `scope` is staff of an ancestor.
pub async fn look_into(
    tenancy: &Tenancy,
    scope: &TenantScope,
    child: TenantId,
    reason: &str,
) -> Result<TenantScope, ResolveError> {
    let looked = looking(tenancy, scope, child)?;
    let detail = json!({ "reason": reason });
    let mut tx = tenancy.begin(scope).await?;
    audit::record(&mut tx, "tenant.opened", child, detail.clone()).await?;
    tx.commit().await?;
    let mut tx = tenancy.begin(&looked).await?;
    audit::record(&mut tx, "tenant.opened_by_parent", child, detail).await?;
    tx.commit().await?;
    Ok(looked)
}

/// A look has ended: left, or by its time. Written on both sides.
///
/// # Errors
/// Unless `scope` is staff of an ancestor.
pub async fn end_look(tenancy: &Tenancy, scope: &TenantScope, child: TenantId, why: &str) -> Result<(), ResolveError> {
    let looked = looking(tenancy, scope, child)?;
    let detail = json!({ "why": why });
    let mut tx = tenancy.begin(scope).await?;
    audit::record(&mut tx, "tenant.look_ended", child, detail.clone()).await?;
    tx.commit().await?;
    let mut tx = tenancy.begin(&looked).await?;
    audit::record(&mut tx, "tenant.look_ended_by_parent", child, detail).await?;
    Ok(tx.commit().await?)
}

/// The same scope again, for later requests of a look that was audited when it began.
///
/// # Errors
/// Unless `scope` is staff of an ancestor.
pub fn looking(tenancy: &Tenancy, scope: &TenantScope, child: TenantId) -> Result<TenantScope, ResolveError> {
    let directory = tenancy.directory();
    let Actor::Staff { name, .. } = scope.actor() else {
        return Err(ResolveError::UnknownTenant);
    };
    let above = scope.tenant().id;
    if !directory.is_ancestor(above, child) {
        return Err(ResolveError::UnknownTenant);
    }
    let tenant = directory.tenant(child).ok_or(ResolveError::UnknownTenant)?;
    Ok(TenantScope::mint(
        tenant.clone(),
        Actor::Parent {
            tenant: above,
            name: name.clone(),
        },
    ))
}

/// From a child's operation into its parent, narrowed to the reseller's own account there.
///
/// # Errors
/// When there is no parent, or the parent is being erased.
pub async fn upstream(tenancy: &Tenancy, child: &TenantScope) -> Result<TenantScope, ResolveError> {
    let directory = tenancy.directory();
    let parent = child.tenant().parent.ok_or(ResolveError::NoParent)?;
    let parent = directory
        .tenant(parent)
        .filter(|t| t.state != TenantState::Deleting)
        // What is tried out orders nothing that is real.
        .filter(|t| t.mode == child.tenant().mode)
        .ok_or(ResolveError::NoParent)?;
    let account = crate::tenant::ensure_parent_account(tenancy, child.tenant()).await?;
    let actor = Actor::Upstream {
        child: child.tenant().id,
        account,
    };
    Ok(TenantScope::mint(parent.clone(), actor))
}

/// From a parent's job back to the one service of a child that a service of the parent delivers.
///
/// Only the system acts so, only one level down, and whoever uses the scope checks that the service
/// names its deliverer: a parent that errs can reach nothing but a service that is its own to tell of.
///
/// # Errors
/// Unless `scope` is a job of the child's own parent and the child is not being erased.
pub fn downstream(
    tenancy: &Tenancy,
    scope: &TenantScope,
    child: TenantId,
    service: uuid::Uuid,
) -> Result<TenantScope, ResolveError> {
    let directory = tenancy.directory();
    let parent = scope.tenant().id;
    let child = directory
        .tenant(child)
        .filter(|t| t.parent == Some(parent) && t.state != TenantState::Deleting)
        .ok_or(ResolveError::UnknownTenant)?;
    if !matches!(scope.actor(), Actor::System { .. }) {
        return Err(ResolveError::UnknownTenant);
    }
    Ok(TenantScope::mint(child.clone(), Actor::Provider { parent, service }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_spelt_one_way() {
        let check = |header: &str, expected: Option<&str>| {
            assert_eq!(normalise_host(header).ok().as_deref(), expected, "{header}");
        };
        check("Shop.Example.COM:8080", Some("shop.example.com"));
        check("shop.example.com.", Some("shop.example.com"));
        check("bücher.example", Some("xn--bcher-kva.example"));
        check("localhost", Some("localhost"));
        for wrong in [
            "",
            ".",
            "a..b",
            "127.0.0.1",
            "[::1]:80",
            "::1",
            "a b.c",
            "a_b.c/",
            "exa\u{202e}mple.com",
            "a.b:x",
        ] {
            check(wrong, None);
        }
        check(&format!("{}.example", "a".repeat(64)), None);
    }
}
