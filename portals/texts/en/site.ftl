site-tagline = Servers that are ready in a minute
site-lead = Choose what you need and pay for it. Every price is the price you pay, and you can leave whenever you want.
site-see-plans = See the plans
site-fact-price = No hidden fees
site-fact-cancel = Cancel at any time
site-fact-ready = Ready within minutes
site-kinds = What we run for you
site-kind-vps = Virtual servers with root access, for whatever you want to run.
site-kind-dedicated = A whole machine that nobody shares with you.
site-kind-hosting = Space for websites and mail, looked after by us.
site-kind-game = Servers for games, set up and protected.
site-kind-workspace = Desktops in the browser, for you and your team.
site-picks = Popular plans
site-from = from
site-none = Nothing is on sale here yet
site-none-kind = Nothing of this kind is on sale right now
site-none-text = Come back later, or write to us and tell us what you need.
site-home = To the start page
site-how = How it works
site-how-choose = Choose
site-how-choose-text = Pick a plan and the options that fit. You see what it costs, now and later.
site-how-pay = Pay
site-how-pay-text = By card, in one step. A held amount is taken only once your server runs.
site-how-use = Use it
site-how-use-text = You watch it being built and get the access data as soon as it is ready.
site-choose = Choose
site-sold-out = Sold out
site-sold-out-text = All of these are taken at the moment. Have a look at the other plans, or come back later.
site-other-plans = See other plans
site-left = { $count ->
    [one] Only one left
   *[other] Only { $count } left
 }
site-compare = Compare
site-feature = What you get
site-price = Price
site-no-price = Not on sale in your currency
site-per-once = once
site-per-day = { $count ->
    [one] per day
   *[other] per { $count } days
 }
site-per-week = { $count ->
    [one] per week
   *[other] per { $count } weeks
 }
site-per-month = { $count ->
    [one] per month
   *[other] per { $count } months
 }
site-per-year = { $count ->
    [one] per year
   *[other] per { $count } years
 }
site-included = What is included
site-about = About this plan
site-questions = Questions and answers
site-question-ready = When is it ready?
site-answer-ready = Usually a few minutes after your payment. You can watch every step, and we mail you when it is done.
site-question-change = Can I change it later?
site-answer-change = Yes. You can move to another plan of the same kind in your account.
site-question-cancel = How do I cancel?
site-answer-cancel = In your account, to the end of the period you paid for. There is no notice period.
site-question-pay = How can I pay?
site-answer-pay = The checkout shows every way to pay. If you keep a card with us, renewals are paid by themselves.
site-calculator = What it costs
site-term = How you pay
site-term-title = Term
site-trial = { $count ->
    [one] first day free
   *[other] first { $count } days free
 }
site-monthly = { $amount } a month
site-saving = save { $percent } %
site-plus-setup = plus { $amount } setup
site-setup = Setup, once
site-choice-price = { $name } (+{ $amount })
site-each = { $amount } each
site-extra = { $amount } extra
site-none-chosen = None
site-due-today = Due today
site-then = then
site-from-day = from { $date }
site-tax-later = Excluding tax. Tax is shown at the checkout, where it applies.
site-go-configure = Configure
site-update-price = Update the price
site-configure = Configure
site-configure-title = Configure { $name }
site-configure-card = Configuration
site-hostname = Host name
site-hostname-hint = The full name of the server. You can change it later.
site-quantity = How many
site-summary = Summary
site-to-cart = Add to cart
site-change-item = Save the change
site-cart = Cart
site-cart-kept = We keep your cart for 30 days.
site-cart-empty = Your cart is empty
site-cart-empty-text = Choose a plan, and it shows up here.
site-cart-full = A cart holds 50 items. Order these first.
site-cart-wrong = Something in your cart cannot be ordered as it is. Change or remove it.
site-gone = This plan is not on sale any more.
site-items = { $count ->
    [one] One item
   *[other] { $count } items
 }
site-in-cart = { $name } is in your cart.
site-removed = Removed from your cart.
site-quantity-of = Quantity of { $name }
site-update = Update
site-edit = Change
site-remove = Remove
site-price-was = was { $amount }
site-prices-changed = Prices have changed
site-prices-changed-cart = Some prices are not what they were when you chose. The new ones are shown.
site-prices-changed-text = The price has changed since this page was opened. The new one is shown: check it and pay.
site-currency = Currency
site-to-checkout = To the checkout
site-go-on-shopping = Go on shopping
site-renews = Renews at { $amount } { $per } on { $date }
site-until-cancelled = Until you cancel, which you can do at any time in your account.
site-checkout = Checkout
site-order-number = Order { $number }
site-who = Your account
site-is-signed-in = Signed in
site-signed-in = You are signed in. Check your order and pay.
site-identity = Have you ordered here before?
site-identity-new = I am new here
site-identity-new-text = We create your account with this order.
site-identity-known = I have an account
site-identity-known-text = Sign in, your cart stays.
site-new-password = Choose a password
site-billing = Billing details
site-choose-country = Choose a country
site-address = Street and number
site-postcode = Postcode
site-city = City
site-company = Company
site-vat-id = VAT id
site-payment = Payment
site-pay-with = Pay with
site-by-card = Card
site-new-card = Another card
site-card = Card
site-card-until = valid until { $until }
site-hosted = You enter it on the payment provider’s own page.
site-save-card = Keep this card for renewals
site-save-card-text = Renewals are then paid by themselves on their day, until you cancel or remove the card.
site-no-methods = We cannot take payments right now
site-no-methods-text = Your cart is kept. Try again later, or write to us.
site-credit = Credit
site-credit-used = { $amount } of your credit is used first.
site-nothing-due = Nothing is due today.
site-review = Review and pay
site-total = Total
site-tax = Tax
site-tax-none = none
site-terms = Terms
site-terms-agree = I agree to the
site-terms-link = terms of service
site-pay = Pay { $amount }
site-place-order = Place the order
site-back-to-cart = Back to the cart
site-may-not = You cannot order for this account
site-may-not-text = Ask the owner of the account for the right to order services.
site-declined = The payment did not go through
site-declined-retry = Your bank declined it this time. Nothing was taken. Try again, or pay another way.
site-declined-new-card = This card was declined. Nothing was taken. Use another card, or pay another way.
site-declined-action = Your bank wants you to confirm this payment. Choose “Another card” to do so on the payment page.
site-payment-in-flight = A payment for this order is on its way. Wait a moment, then look at your order.
site-gateway-away = The payment provider does not answer right now. Your order is kept: try again in a moment.
site-gateway-refused = The payment provider did not accept this. Choose another way to pay.
site-sold-meanwhile = What you want has just been sold out. Nothing was charged and your cart is kept: choose another plan, or try again later.
site-order-closed = This order cannot be cancelled any more.
site-order-cancelled = The order is cancelled.
site-fault-items = An order has 1 to 50 items.
site-fault-plan = This plan is not on sale any more. Choose another.
site-fault-currency = This is not on sale in { $currency }.
site-fault-quantity = Choose a quantity from 1 to 100.
site-fault-hostname = Use a full host name such as web-1.example.com.
site-fault-option = This option does not exist any more. Reload the page.
site-fault-required = This is needed.
site-fault-choice = Choose one of the list.
site-fault-text = Use a text of one line.
site-fault-long = At most { $max } characters.
site-fault-number = Use a whole number.
site-fault-range = Choose from { $min } to { $max }.
site-fault-line = At most 120 characters on one line.
site-fault-pay = Choose how you want to pay.
site-fault-terms = Agree to the terms to go on.
site-give-up = Cancel this order
site-give-up-title = Cancel this order?
site-give-up-text = Nothing was charged. The order and its invoice are cancelled; you can order again at any time.
