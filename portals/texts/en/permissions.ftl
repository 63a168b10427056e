# What staff may do, and names of what is connected.

permission-accounts-read = See customers
permission-accounts-write = Create and change customers, their people and payment methods
permission-catalogue-read = See products, plans and prices
permission-catalogue-write = Change products, plans and prices
permission-orders-read = See orders
permission-orders-write = Place and cancel orders
permission-invoices-read = See invoices and credit
permission-invoices-write = Issue and void invoices, run the billing day, give credit
permission-payments-read = See payments and refunds
permission-payments-write = Charge, refund and configure gateways
permission-services-read = See services and operations
permission-services-write = Suspend, resume, terminate and restart services; retry operations
permission-servers-read = See servers
permission-servers-write = Configure servers
permission-tenants-read = See the tenants below
permission-tenants-write = Create, open, suspend and resume the tenants below
permission-settings-read = See settings, staff and hosts
permission-settings-write = Change settings, staff and hosts
permission-reports-read = See reports and the dashboard
permission-audit-read = See the audit log and events
panel-manual = By hand
