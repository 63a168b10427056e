//! Every sentence a command says to people, and the key of its words in every language.
//!
//! The rooms below speak English, for the API and the log; what stands in braces is a value. A test reads their sources and
//! fails on a sentence that is not here.

/// A sentence as it is said, and its key.
#[rustfmt::skip]
pub const SENTENCES: &[(&str, &str)] = &[
    ("This request was made before with other values.", "said-once-only"),
    ("Say why, in 1 to 500 characters.", "said-reason"),
    ("Say how it came, in 1 to 200 characters.", "said-came-how"),
    ("This payment was made in {currency}.", "said-paid-in"),
    ("This account is billed in {currency}.", "said-billed-in"),
    ("This token may spend {own} only; this is in {other}.", "said-token-currency"),
    ("This token may spend {most} a month; {so_far} are spent, and this is {more}.", "said-token-limit"),
    ("At most {amount} {currency} can be refunded.", "said-refund-most"),
    ("The amount must be more than zero.", "said-above-zero"),
    ("Use an amount above zero in {currency}.", "said-above-zero-in"),
    ("Choose one of the test cards.", "said-test-card"),
    ("At most 120 characters on one line.", "said-one-line-120"),
    ("An object is needed.", "said-object"),
    ("There is no gateway of this kind.", "said-gateway-kind"),
    ("This tenant cannot use a gateway of this kind.", "said-gateway-not-here"),
    ("There is no panel of this kind.", "said-panel-kind"),
    ("This tenant cannot use a panel of this kind.", "said-panel-not-here"),
    ("A name of 1 to 120 characters is needed.", "said-name"),
    ("Use an address such as https://panel.example.com.", "said-address"),
    ("Another server has this name.", "said-server-name-taken"),
    ("Name one that no other service has.", "said-panel-ref"),
    ("An order has 1 to 50 items.", "said-items"),
    ("There is no such plan on sale.", "said-no-plan"),
    ("This plan has no price in {currency}.", "said-no-price"),
    ("A quantity is from 1 to 100.", "said-quantity"),
    ("Use a full host name such as web-1.example.com.", "said-hostname"),
    ("Options are an object of keys and values.", "said-options-shape"),
    ("This product has no such option.", "said-no-option"),
    ("The plan's product has no such option.", "said-plans-no-option"),
    ("This is needed.", "said-needed"),
    ("There is no such choice.", "said-no-choice"),
    ("A text is needed.", "said-text"),
    ("At most {max} characters.", "said-most-characters"),
    ("A text of one line is needed.", "said-one-line"),
    ("A whole number is needed.", "said-whole-number"),
    ("From {min} to {max}.", "said-range"),
    ("This option has no price in {currency}.", "said-option-no-price"),
    ("This plan's cycle leads out of the calendar.", "said-calendar"),
    ("Use choice, quantity or text.", "said-option-kind"),
    ("A choice needs values, and nothing else has any.", "said-option-values"),
    ("A choice has at most 200 values.", "said-option-many"),
    ("Two values have the same key.", "said-value-twice"),
    ("Each value needs a name.", "said-value-name"),
    ("A quantity goes from min (0 or more) to max (1 to 100000).", "said-option-range"),
    ("A text has 1 to 255 characters.", "said-option-length"),
    ("A key is a small letter, then small letters, digits and _, at most 40 in all.", "said-option-key"),
    ("A value's key has small letters, digits, _, . and -, at most 40 in all.", "said-value-key"),
    ("The product has this option already.", "said-option-known"),
    ("Two options have the same key.", "said-option-twice"),
    ("A choice is priced by one of its values, anything else without a value.", "said-value-priced"),
    ("Use vps, dedicated, hosting, game or workspace.", "said-product-kind"),
    ("Panel settings are an object.", "said-panel-settings"),
    ("Features are a list of at most 40 rows with a label and a value of at most 120 characters.", "said-features"),
    ("There is no such server.", "said-no-server"),
    ("Stock is not negative.", "said-stock"),
    ("Another product has this name in its address.", "said-slug-taken"),
    ("Use active, hidden or retired.", "said-sale-state"),
    ("A trial lasts 0 to 3650 days.", "said-trial"),
    ("What is paid once has no trial: nothing would ever be charged.", "said-trial-once"),
    ("One price per currency.", "said-one-price"),
    ("A price is not negative.", "said-price-negative"),
    ("Use once, day, week, month or year.", "said-cycle"),
    ("A count is from 1 to 1000.", "said-cycle-count"),
    ("A plan needs a price in at least one currency.", "said-price-needed"),
    ("There is no such product.", "said-no-product"),
    ("The named plan is none of the provider's product.", "said-provider-plan"),
    ("The provider sells this product for no such period in {currency}.", "said-provider-period"),
    ("This is no e-mail address.", "said-email"),
    ("A country is two capital letters, such as DE.", "said-country"),
    ("This is no currency.", "said-currency"),
    ("Use a decimal number such as 12.34.", "said-amount"),
    ("Choose a payment.", "said-choose-payment"),
    ("Choose where the money goes.", "said-choose-destination"),
    ("Choose a payment method.", "said-choose-method"),
    ("A payment with this method is under way.", "said-method-in-flight"),
    ("This account has no credit.", "said-no-credit"),
    ("What was paid too much has been used as credit since.", "said-credit-gone"),
    ("The stock of this product is sold; raise it, then try again.", "said-raise-stock"),
    ("Only a create that failed or waits can be given a server.", "said-adopt-only"),
    ("There is no room left for {name} at the moment.", "said-no-room-for"),
    ("The payment page could not be opened; please try again in a moment.", "said-page-closed"),
    ("The page could not be opened; please try again in a moment.", "said-setup-closed"),
    ("Invoice {number} is unpaid.", "said-invoice-unpaid"),
    ("Its invoice was voided.", "said-invoice-voided"),
    ("Your card was declined.", "said-declined"),
    ("Your card has expired.", "said-expired"),
    ("Your bank wants you to confirm this payment.", "said-confirm"),
    ("The amount that was set aside has been given back.", "said-given-back"),
    ("The payment method was removed.", "said-method-gone"),
    ("The gateway could not send it back.", "said-not-sent-back"),
    ("Services that failed: {failed}. The money is held: build them by a retry until {until}. After that what runs is charged, and the rest is given back and taken off the invoice.", "said-build-failed-services"),
    ("the order waits for its payment", "said-order-waits"),
    ("A charge waits for its payer", "said-task-charge-waits"),
    ("The payer's bank wants a confirmation, and the gateway does not let the charge be ended.", "said-charge-not-ended"),
    ("The gateway reports {amount} {currency} for {reference}; {wanted} {unit} was asked for.", "said-gateway-reports"),
    ("Invoice {number} is {state}; {amount} {currency} became credit. Send it back if it was not meant to be.", "said-became-credit"),
    ("The payer's bank took back {amount} {currency} ({reason}). Answer at the gateway in time.", "said-taken-back"),
    ("It was cancelled to this day.", "said-cancelled-to-day"),
    ("Asked for by the reseller.", "said-asked-by-reseller"),
    ("This service is paused for a technical reason. Our staff has been told and takes care of it.", "said-paused"),
    ("This service has ended. Please contact us; our staff has been told.", "said-over-contact"),
    ("The provider says: {why} It runs again when the provider lifts this.", "said-provider-says"),
    ("The provider bills it. Try again to take it over, or terminate it there.", "said-provider-bills"),
    ("We could not set this up at once. Our staff has been told and takes care of it.", "said-not-at-once"),
    ("Nothing is built by itself: every change becomes a task for staff.", "said-by-hand"),
    ("Suspend {service} by hand, then mark this done.", "said-suspend-by-hand"),
    ("Resume {service} by hand, then mark this done.", "said-resume-by-hand"),
    ("Remove {service} by hand, then mark this done.", "said-remove-by-hand"),
    ("The sandbox always works, and builds nothing.", "said-sandbox-builds"),
    ("The sandbox always works, and moves no money.", "said-sandbox-pays"),
    ("The panel accepts the token.", "said-token-accepted"),
    ("The panel accepts the token, which cannot read hypervisor groups: room cannot be watched.", "said-token-accepted-blind"),
    ("the panel took too long", "said-panel-slow"),
    ("the panel knows of no such service", "said-panel-gone"),
    ("no capacity: {why}", "said-no-room"),
    ("unknown outcome: {why}", "said-unknown-outcome"),
    ("the gateway refuses: {why}", "said-gateway-refuses"),
    ("the gateway cannot be reached: {why}", "said-gateway-away"),
    ("No tax rule of the seller matches this buyer, so no tax is charged.", "said-no-tax-rule"),
    ("Bill at most 400 days ahead.", "said-bill-ahead"),
    ("Seller and buyer are in {seller}: VAT at its standard rate of {rate} %.", "said-vat-home"),
    ("Reverse charge: the buyer in {buyer} owes the VAT.", "said-vat-reverse"),
    ("VAT of {buyer} at its standard rate of {rate} %, through the one-stop shop.", "said-vat-oss"),
    ("The buyer in {buyer} is outside the EU VAT territory: no VAT is charged.", "said-vat-outside"),
    ("Seller and buyer are in {seller}, where no VAT of ours applies.", "said-vat-none"),
    ("A refund's outcome is unknown", "said-task-refund-unknown"),
    ("A refund at the gateway does not fit its payment", "said-task-refund-odd"),
    ("A refund did not arrive", "said-task-refund-failed"),
    ("An unpaid invoice could not be followed up", "said-task-collection"),
    ("A part of a paid order was not built", "said-task-part-unbuilt"),
    ("A payment is not what was asked for", "said-task-payment-odd"),
    ("Money arrived for an invoice that wanted none", "said-task-money-unwanted"),
    ("An account could not be billed", "said-task-not-billed"),
    ("The provider has terminated the service that delivers it. The customer is not billed for it any more: offer a replacement, or refund what is paid ahead.", "said-task-ended-text"),
    ("create of {service} failed", "said-task-create-failed"),
    ("suspend of {service} failed", "said-task-suspend-failed"),
    ("resume of {service} failed", "said-task-resume-failed"),
    ("terminate of {service} failed", "said-task-terminate-failed"),
    ("change plan of {service} failed", "said-task-change-failed"),
    ("refused: the panel was not done after half an hour", "said-panel-half-hour"),
    ("refused: the product names no package_id", "said-no-package"),
    ("refused: the server is disabled: nothing new is built on it", "said-server-off"),
    ("API token", "said-title-token"),
    ("Address of the API", "said-title-api"),
    ("Administrator's name, root or Administrator", "said-title-admin"),
    ("Connected account", "said-title-connected"),
    ("Hypervisor group", "said-title-group"),
    ("Options at the provider", "said-title-provider-options"),
    ("Private CA", "said-title-ca"),
    ("Restricted or secret key", "said-title-secret"),
    ("Room for how many more", "said-title-room"),
    ("The provider's plan, pln_...; else the one with the same cycle", "said-title-provider-plan"),
    ("The provider's product, prd_...", "said-title-provider-product"),
    ("Webhook signing secret", "said-title-webhook"),
    ("What staff should build", "said-title-build"),
    ("CPU cores", "said-title-cores"),
    ("IPv4 addresses", "said-title-ipv4"),
    ("Inbound speed in kB/s", "said-title-in"),
    ("Outbound speed in kB/s", "said-title-out"),
    ("Memory in MB", "said-title-memory"),
    ("Network profile", "said-title-network"),
    ("Operating system", "said-title-os"),
    ("Package", "said-title-package"),
    ("Polls until it is built", "said-title-polls"),
    ("Storage in GB", "said-title-storage"),
    ("Storage profile", "said-title-storage-profile"),
    ("Traffic in GB", "said-title-traffic"),
    ("Traffic in GB, 0 is unlimited", "said-title-traffic-free"),
    ("Fail", "said-title-fail"),
    ("{field} is needed.", "said-is-needed"),
    ("{field} is not known here.", "said-is-unknown"),
    ("{field} must be {kind}.", "said-must-be"),
    ("{key} is a {kind} for good; use another key.", "said-option-kind-fixed"),
    ("{name} is out of stock.", "said-sold-out"),
    ("refused: {why}", "said-refuses"),
    ("{service}: suspended by the provider", "said-task-provider-suspended"),
    ("{service}: ended by the provider", "said-task-provider-ended"),
    ("{service}: built by the provider after it was given up here", "said-task-provider-late"),
    ("{verb} of {service} failed", "said-task-act-failed"),
    ("{ref} runs on the panel and no service pays for it", "said-task-unbilled"),
    ("{ref} is billed and not on the panel any more", "said-task-gone"),
    ("{ref} is suspended here and runs on the panel", "said-task-runs-suspended"),
    ("{ref} is active here and suspended on the panel", "said-task-suspended-there"),
    ("{ref} belongs to another owner on the panel", "said-task-wrong-owner"),
    ("{ref} is not of the size its product says", "said-task-wrong-size"),
];

/// The key of a sentence and the values that stood in it.
#[must_use]
pub fn find(said: &str) -> Option<(&'static str, Vec<(&'static str, String)>)> {
    SENTENCES
        .iter()
        .find_map(|(pattern, key)| values(pattern, said).map(|values| (*key, values)))
}

/// The values of a pattern's braces, where all the rest is word for word the same.
fn values(pattern: &'static str, said: &str) -> Option<Vec<(&'static str, String)>> {
    let (first, mut pattern) = pattern.split_once('{').unwrap_or((pattern, ""));
    let mut said = said.strip_prefix(first)?;
    let mut values = Vec::new();
    while let Some((name, rest)) = pattern.split_once('}') {
        let (literal, next) = rest.split_once('{').unwrap_or((rest, ""));
        let end = if next.is_empty() && literal.is_empty() {
            said.len()
        } else if next.is_empty() {
            said.len()
                .checked_sub(literal.len())
                .filter(|_| said.ends_with(literal))?
        } else {
            said.find(literal)?
        };
        if end == 0 {
            return None;
        }
        values.push((name, said[..end].to_owned()));
        said = &said[end + literal.len()..];
        pattern = next;
    }
    said.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_found_with_its_values() {
        let check = |said: &str, expected: Option<(&str, &[(&str, &str)])>| {
            let found = find(said);
            let found = found
                .as_ref()
                .map(|(key, values)| (*key, values.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>()));
            assert_eq!(found, expected.map(|(key, values)| (key, values.to_vec())), "{said}");
        };
        check("One price per currency.", Some(("said-one-price", &[])));
        check("One price per currency. More.", None);
        check(
            "At most 300 characters.",
            Some(("said-most-characters", &[("max", "300")])),
        );
        check(
            "At most 12.00 EUR can be refunded.",
            Some(("said-refund-most", &[("amount", "12.00"), ("currency", "EUR")])),
        );
        check(
            "refused: no such package",
            Some(("said-refuses", &[("why", "no such package")])),
        );
        check("refused: ", None);
        check("", None);
        check("Grüße", None);
    }
}
