//! What is sold: products, plans with versioned prices, options with theirs.
//!
//! A price is a new version, never a change: what was sold keeps the version it was sold at.

mod option;
mod option_price;
mod plan;
mod product;

pub use option::{
    NewOption, NewOptionValue, OPTION_KINDS, OptionChange, OptionValue, ProductOption, TEXT_MAX_CHARS, create_option,
    find_option, options_of, retire_option, set_options, update_option,
};
pub use option_price::{OptionPrice, option_prices, set_option_price};
pub use plan::{
    NewPlan, NewPrice, Plan, PlanChange, Price, create_plan, currencies, cycle, find_plan, list_plans, plans_of,
    prices, prices_of, set_price, update_plan,
};
pub use product::{
    KINDS, NewProduct, Product, ProductChange, create_product, find_by_slug, find_product, find_products,
    list_products, shelf, update_product,
};

/// On sale, sold to whoever has the link, or sold no more.
pub const STATES: [&str; 3] = ["active", "hidden", "retired"];

fn check_name(name: &str) -> Result<&str, crate::BillingError> {
    let name = name.trim();
    let count = name.chars().count();
    if count == 0 || count > 120 || name.chars().any(char::is_control) {
        return Err(crate::BillingError::Field(
            "name",
            "A name of 1 to 120 characters is needed.".into(),
        ));
    }
    Ok(name)
}

fn check_state(state: &str) -> Result<(), crate::BillingError> {
    if STATES.contains(&state) {
        Ok(())
    } else {
        Err(crate::BillingError::Field(
            "status",
            "Use active, hidden or retired.".into(),
        ))
    }
}
