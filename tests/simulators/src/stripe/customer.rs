//! Customers.

use serde_json::{Value, json};

use super::book::{Book, copy_texts, merge_metadata};
use super::refusal::{Refusal, Reply};
use super::shape;
use crate::form;
use crate::random_word;

const TEXTS: &[&str] = &["name", "email", "phone", "description"];

pub(super) fn create(book: &mut Book, params: &Value) -> Reply {
    let mut customer = shape::fresh("customer");
    customer["id"] = json!(format!("cus_{}", random_word(14)));
    customer["created"] = json!(book.now());
    customer["invoice_prefix"] = json!(random_word(8).to_uppercase());
    fill(book, &mut customer, params)?;
    book.put(&customer);
    book.fire("customer.created", &customer);
    Ok(customer)
}

pub(super) fn update(book: &mut Book, id: &str, params: &Value) -> Reply {
    let mut customer = book.get("customer", id)?;
    fill(book, &mut customer, params)?;
    book.put(&customer);
    book.fire("customer.updated", &customer);
    Ok(customer)
}

fn fill(book: &Book, customer: &mut Value, params: &Value) -> Result<(), Refusal> {
    copy_texts(customer, params, TEXTS);
    merge_metadata(customer, params, "metadata");
    if let Some(address) = params.get("address").and_then(Value::as_object) {
        let mut held =
            json!({"city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null});
        for (key, value) in address {
            held[key.as_str()] = value.clone();
        }
        customer["address"] = held;
    }
    if let Some(balance) = form::whole(params, "balance") {
        customer["balance"] = json!(balance);
    }
    if let Some(method) = form::text(params, "invoice_settings.default_payment_method") {
        let param = "invoice_settings[default_payment_method]";
        let method = book.named("payment_method", method, param)?;
        if method["customer"] != customer["id"] {
            let told = "The customer does not have a payment method with that ID.";
            return Err(Refusal::invalid(param, told));
        }
        customer["invoice_settings"]["default_payment_method"] = method["id"].clone();
    }
    Ok(())
}

pub(super) fn delete(book: &mut Book, id: &str) -> Reply {
    let customer = book.get("customer", id)?;
    book.remove(id);
    book.fire("customer.deleted", &customer);
    Ok(json!({"id": id, "object": "customer", "deleted": true}))
}
