# Staff order for a customer.

new-order = New order
new-order-title = New order for { $name }
new-order-choose = Choose a product
new-order-take = Choose
new-order-agreed-title = Price
new-order-agreed = Agreed price per unit and cycle
new-order-agreed-hint = Instead of the plan's price and its options; renewals cost the same. Leave it empty for the list price.
new-order-agreed-line = Agreed price
new-order-reason = Why another price
new-order-reason-hint = Kept in the log with your name.
new-order-way = How it is paid
new-order-way-invoice = Send the invoice
new-order-way-saved = Charge { $name } now
new-order-way-hand = It was paid by hand
new-order-reference-hint = For what was paid by hand: what the bank statement says.
new-order-credit = Credit of { $amount } is used first.
new-order-place = Place the order
new-order-price-changed = Here is what it costs now. Look at the sum and place it once more.
new-order-done = The order is placed.
new-order-declined = The order is placed, but the payment was declined: it waits for its invoice.
permission-orders-price = Agree on other prices in orders
explain-agreed = Agreed price: { $amount }
