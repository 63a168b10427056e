# Words of the staff portal's pages.

detail-facts = Facts
detail-timeline = Timeline
detail-nothing-yet = Nothing yet
detail-id = Id
ui-yes = Yes
ui-no = No
cycle-every-day = { $count ->
    [1] per day
   *[other] every { $count } days
 }
cycle-every-week = { $count ->
    [1] per week
   *[other] every { $count } weeks
 }
cycle-every-month = { $count ->
    [1] per month
   *[other] every { $count } months
 }
cycle-every-year = { $count ->
    [1] per year
   *[other] every { $count } years
 }
status-retried = Retried
status-dismissed = Dismissed
status-hidden = Hidden
status-retired = Retired

dashboard-queues = What waits for somebody
dashboard-open = Open invoices
dashboard-of-customers = { $count } customers
dashboard-late = { $amount } of it overdue
dashboard-against-month = vs. last month
dashboard-this-month = of last month's MRR
dashboard-other = Besides: { $mrr } a month, { $open } open
dashboard-month = Month
dashboard-new = New
dashboard-expansion = Expansion
dashboard-contraction = Contraction
dashboard-churned = Churn
dashboard-tasks = Open tasks
dashboard-failed = Failed operations
dashboard-overdue = Overdue invoices
dashboard-waiting = Orders waiting

list-placed = Placed
list-search-orders = Number or customer
order-title = Order { $number }
order-items = What was ordered
order-paid = Payment

operation-log = What happened
operation-message = Message
operation-panel-ref = Id on the panel
operation-panel-ref-hint = As the panel shows it.
operation-tries = Tries
operation-wanted = Wanted
operation-finished = Over
operation-failed = This did not work and waits for you
operation-retry = Try again
operation-retry-title = Try again
operation-retry-text = It goes on from the step that failed. What is already there is found and not made twice.
operation-retry-done = It is being tried again.
operation-adopt = Adopt
operation-adopt-title = Give it a server that exists
operation-adopt-text = Names the server on the panel that belongs to this service. Building goes on from there, and nothing new is made.
operation-adopt-done = The server was adopted; building goes on.
operation-skip = Done by hand
operation-skip-title = Count it as done
operation-skip-text = You did this on the panel yourself. Nothing more is sent there.
operation-skip-done = It counts as done.
operation-cancel = Give up
operation-cancel-title = Give this up
operation-cancel-text = Nothing more is tried. A service that was being built is failed then, and money that is held goes back.
operation-cancel-done = It was given up.

tasks-search = Title or id
tasks-what = Task
tasks-why = Reason
tasks-none = Nothing to do
tasks-none-text = What fails for good or needs a person appears here.
tasks-retry = Retry
tasks-retry-done = It is being tried again.
tasks-dismiss = Dismiss
tasks-dismiss-done = Dismissed.
tasks-not-open = Somebody has dealt with this already.

service-panel = On the panel
service-agreement = Agreement
service-hostname = Host name
service-running-since = Running since
service-seen = Power
service-seen-suspended = Suspended there
service-seen-at = Seen
service-differs = Differs from what is wanted
service-begun = Began
service-billed-through = Billed until
service-cancelled-on = Ends on
service-price-part = Part of the price
service-failed = This service could not be built
service-refresh = Look again
service-refresh-title = Ask the panel about { $name }
service-refresh-text = Reads its state and addresses from the panel now.
service-refresh-done = Read from the panel.
service-suspend = Suspend
service-suspend-title = Suspend { $name }
service-suspend-text = It is stopped on the panel and goes on being billed. Lifting the suspension starts it again.
service-suspend-done = Suspension is on its way.
service-lift = Lift suspension
service-lift-title = Lift the suspension of { $name }
service-lift-text = It runs again, unless it is suspended for another cause as well.
service-lift-done = The suspension is lifted.
service-terminate = Terminate
service-terminate-title = Terminate { $name }
service-terminate-text = It is removed from the panel with everything on it, and billing ends. This cannot be undone.
service-terminate-done = Termination is on its way.
suspension-staff = Suspended by staff
suspension-overdue = Suspended for an overdue invoice
suspension-parent = Suspended by the provider above
invoice-to-day = Until

refused-no-reason = Give a reason.
refused-name-differs = The name does not match. Type it exactly as it is shown.
refused-not-failed = Only what has failed can be tried again.
refused-unpaid = The order is not paid; try again when its invoice is.
refused-running = A step is at work this moment; try again in a minute.
refused-over = This is over already.
refused-create = A build cannot be skipped: adopt the server that was made by hand.
refused-not-active = Only a running service can be suspended.
refused-not-suspended = It is not suspended any more.
refused-terminated = It is terminated already.

customer-new = New customer
customer-new-text = The address gets a sign-in of its own; no mail is sent.
customer-create = Create customer
customer-created = { $name } is a customer now.
customer-edit = Edit
customer-choose = Choose a country
customer-company = Company
customer-phone = Telephone
customer-address1 = Address
customer-address2 = Address, second line
customer-postcode = Postcode
customer-city = City
customer-region = Region
customer-email-hint = Bills go here, and its owner signs in with it.
customer-currency-hint = Three letters. Cannot be changed later.
customer-language = Language
customer-auto-pay = Charge due invoices automatically
customer-members = People
customer-owner = Owner
customer-notes = Notes
customer-notes-label = Seen by staff only
customer-notes-hint = At most 10,000 characters.
customer-notes-long = The notes are too long: at most 10,000 characters.
customer-parked = The billing day leaves this customer alone
customer-reseller = Reseller
customer-payment = How
customer-no-payments = No payments yet
customer-error-name = Enter a name of 1 to 120 characters.
customer-error-email = This is no e-mail address.
customer-error-country = Choose a country.

did-account-created = Customer created
did-account-updated = Details changed
did-account-policy-changed = Notes or payment policy changed
did-order-placed = Order placed
did-order-accepted = Order accepted
did-invoice-created = Invoice created
did-invoice-issued = Invoice issued
did-invoice-paid = Invoice paid
did-invoice-overdue = Invoice overdue
did-invoice-voided = Invoice voided
did-payment-succeeded = Payment received
did-payment-failed = Payment failed
did-payment-refunded = Payment refunded
did-service-paid = Service paid
did-service-provisioned = Service built
did-service-provisioning-failed = Service could not be built
did-service-suspension-wanted = Suspension wanted
did-service-suspension-lifted = Suspension lifted
did-service-suspended = Service suspended
did-service-resume-wanted = Resumption wanted
did-service-resumed = Service resumed
did-service-termination-wanted = Termination wanted
did-service-terminated = Service terminated
did-service-changed = Service changed
did-operation-retried = Operation tried again
did-operation-adopted = Server adopted
did-operation-skipped = Operation counted as done
did-operation-cancelled = Operation given up
did-subscription-created = Subscription begun
did-subscription-cancelled = Subscription cancelled
